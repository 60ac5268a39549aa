-- Running totals that the ledger and the truth are made of.
create or replace table sim_booked (
    entity_number integer,
    month_index integer,
    posted_on date,
    partner_entity_id varchar,
    document_type varchar,
    dirt_kind varchar,
    list_amount decimal(18, 4),
    discount_amount decimal(18, 4),
    rebate_amount decimal(18, 4),
    net_amount decimal(18, 4),
    freight_charged_amount decimal(18, 4),
    freight_paid_amount decimal(18, 4),
    tax_amount decimal(18, 4),
    direct_cost_amount decimal(18, 4),
    lines_count bigint
);

create or replace table sim_customer_years (
    n bigint,
    year_number integer,
    net_amount decimal(18, 4),
    rebate_amount decimal(18, 4),
    freight_result decimal(18, 4),
    direct_cost_amount decimal(18, 4),
    lines_count bigint
);

create or replace table sim_accruals (
    n bigint,
    entity_number integer,
    month_index integer,
    currency varchar,
    is_foreign boolean,
    rebate_amount decimal(18, 4)
);

create or replace table sim_used_minutes (
    entity_number integer,
    month_index integer,
    activity_type varchar,
    activities_count bigint,
    minutes decimal(18, 4)
);

create or replace table sim_customer_minutes (
    n bigint,
    activity_type varchar,
    minutes decimal(18, 4)
);

-- Rows on their way to a file: entity_number, file_index (month of the file), dirt_kind, then the
-- columns of the contract.
create or replace table out_revenue_lines (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    version varchar,
    entity_id varchar,
    source_id varchar,
    document_id varchar,
    line_number bigint,
    document_type varchar,
    original_document_id varchar,
    posted_on date,
    service_period date,
    customer_id varchar,
    product_id varchar,
    channel varchar,
    quantity decimal(18, 4),
    list_amount decimal(18, 4),
    discount_amount decimal(18, 4),
    rebate_amount decimal(18, 4),
    net_amount decimal(18, 4),
    functional_amount decimal(18, 4),
    freight_charged_amount decimal(18, 4),
    freight_paid_amount decimal(18, 4),
    tax_amount decimal(18, 4),
    direct_cost_amount decimal(18, 4),
    currency varchar,
    recorded_at timestamp
);

create or replace table out_activities (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    activity_type varchar,
    occurred_at timestamp,
    customer_id varchar,
    document_id varchar,
    quantity decimal(18, 4),
    minutes decimal(18, 4),
    attributes varchar,
    employee_id varchar,
    channel varchar,
    activity_class varchar,
    recorded_at timestamp
);

create or replace table out_deliveries (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    document_id varchar,
    promised_on date,
    delivered_on date,
    attempts bigint,
    damaged boolean,
    recorded_at timestamp
);

create or replace table out_service_cases (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    customer_id varchar,
    opened_at timestamp,
    closed_at timestamp,
    contacts bigint,
    reopens bigint,
    transfers bigint,
    wait_minutes decimal(18, 4),
    category varchar,
    comment_text varchar,
    recorded_at timestamp
);

create or replace table out_survey_responses (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    response_id varchar,
    respondent_id varchar,
    customer_id varchar,
    role varchar,
    document_id varchar,
    asked_at timestamp,
    answered_at timestamp,
    survey_id varchar,
    question_id varchar,
    score decimal(18, 9),
    scale_min decimal(18, 9),
    scale_max decimal(18, 9),
    competitor_id varchar,
    weight decimal(18, 9),
    confidentiality varchar,
    comment_text varchar,
    recorded_at timestamp
);

create or replace table out_contacts (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    customer_id varchar,
    sent_at timestamp,
    channel varchar,
    campaign_id varchar,
    cost_amount decimal(18, 4),
    currency varchar,
    opened boolean,
    opted_out boolean,
    recorded_at timestamp
);

create or replace table out_receivables (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    document_id varchar,
    customer_id varchar,
    issued_on date,
    due_on date,
    paid_on date,
    open_amount decimal(18, 4),
    currency varchar,
    recorded_at timestamp
);

create or replace table out_stated_reasons (
    entity_number integer,
    file_index integer,
    dirt_kind varchar,
    entity_id varchar,
    source_id varchar,
    customer_id varchar,
    document_id varchar,
    reason varchar,
    stated_on date,
    recorded_at timestamp
);
