-- Conservation: no row and no amount is lost between the files and the models.
select
    entity_id,
    source,
    input_table,
    currency,
    raw_rows,
    accepted_rows,
    quarantined_rows,
    raw_amount,
    accepted_amount,
    quarantined_amount
from {{ ref('rpt_source_control_totals') }}
where
    raw_rows is distinct from accepted_rows + quarantined_rows
    or raw_amount is distinct from accepted_amount + quarantined_amount
    or raw_freight_charged_amount
    is distinct from accepted_freight_charged_amount + quarantined_freight_charged_amount
