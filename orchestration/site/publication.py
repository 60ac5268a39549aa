"""A publication as the site reads it: its manifest and its marts, read-only.

Belongs here: opening, and standing in for a mart or column that a publication lacks. Does not:
deciding what to show.
"""

import json
from pathlib import Path
from types import TracebackType

import duckdb

AMOUNT = "decimal(18,4)"
SCORE = "decimal(18,9)"

# The marts' columns the pages read. A publication that lacks one is shown without it.
READ: dict[str, dict[str, str]] = {
    "dim_entities": {
        "entity_id": "varchar",
        "entity_name": "varchar",
        "currency": "varchar",
        "revenue_label": "varchar",
        "organisation_type": "varchar",
        "is_synthetic": "boolean",
        "minor_digits": "integer",
        "as_of_date": "date",
        "has_ledger": "boolean",
    },
    "dim_customers": {"entity_id": "varchar", "customer_id": "varchar", "name": "varchar"},
    "fct_customer_profitability_monthly": {
        "entity_id": "varchar",
        "customer_id": "varchar",
        "month_start_date": "date",
        "list_amount": AMOUNT,
        "discount_amount": AMOUNT,
        "invoice_amount": AMOUNT,
        "rebate_amount": AMOUNT,
        "pocket_amount": AMOUNT,
        "freight_charged_amount": AMOUNT,
        "freight_paid_amount": AMOUNT,
        "direct_cost_amount": AMOUNT,
        "gross_margin_amount": AMOUNT,
        "cost_to_serve_amount": AMOUNT,
        "contribution_amount": AMOUNT,
        "customer_sustaining_amount": AMOUNT,
        "operating_profit_amount": AMOUNT,
        "is_direct_cost_assumed": "boolean",
        "period_status": "varchar",
        "signable": "boolean",
    },
    "fct_customer_perceived_value_monthly": {
        "entity_id": "varchar",
        "customer_id": "varchar",
        "month_start_date": "date",
        "perceived_value_index": SCORE,
        "responses_count": "bigint",
        "respondents_count": "bigint",
        "method": "varchar",
        "own_answer_share": SCORE,
        "measurement_status": "varchar",
    },
    "fct_customer_value_monthly": {
        "entity_id": "varchar",
        "customer_id": "varchar",
        "month_start_date": "date",
        "operating_profit_amount": AMOUNT,
        "trailing_profit_amount": AMOUNT,
        "profit_level": "varchar",
        "perceived_value_index": SCORE,
        "perceived_value_low": SCORE,
        "perceived_value_high": SCORE,
        "measurement_status": "varchar",
        "band_lower_index": SCORE,
        "band_upper_index": SCORE,
        "value_zone": "varchar",
        "quadrant": "varchar",
        "quadrant_probability": SCORE,
        "customer_strategy": "varchar",
    },
    "rpt_value_map": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "map_level": "varchar",
        "rated_id": "varchar",
        "reference": "varchar",
        "price_basis": "varchar",
        "relative_quality": SCORE,
        "relative_quality_low": SCORE,
        "relative_quality_high": SCORE,
        "relative_price": SCORE,
        "relative_price_low": SCORE,
        "relative_price_high": SCORE,
        "relative_hassle": SCORE,
        "value_index": SCORE,
        "value_low": SCORE,
        "value_high": SCORE,
        "fair_price": SCORE,
        "fair_value_rule": "varchar",
        "response_rate": SCORE,
        "customers_count": "bigint",
        "reliability": "varchar",
    },
    "rpt_competitor_value": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "competitor_id": "varchar",
        "relative_quality": SCORE,
        "relative_price": SCORE,
        "relative_hassle": SCORE,
        "value_against_competitor": SCORE,
        "value_low": SCORE,
        "value_high": SCORE,
        "response_rate": SCORE,
        "pairs_count": "bigint",
        "own_raters_count": "bigint",
        "reliability": "varchar",
    },
    "rpt_recommendation_score": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "map_level": "varchar",
        "rated_id": "varchar",
        "recommendation_score": SCORE,
        "recommendation_low": SCORE,
        "recommendation_high": SCORE,
        "answers_count": "bigint",
        "effective_respondents": SCORE,
        "response_rate": SCORE,
        "reliability": "varchar",
        "stay_concordance": SCORE,
        "stay_concordance_low": SCORE,
        "stay_concordance_high": SCORE,
        "linked_customers_count": "bigint",
        "customers_count": "bigint",
        "link_status": "varchar",
    },
    "rpt_value_drivers": {
        "entity_id": "varchar",
        "fiscal_year": "bigint",
        "outcome": "varchar",
        "segment": "varchar",
        "driver": "varchar",
        "importance_share": SCORE,
        "importance_share_low": SCORE,
        "importance_share_high": SCORE,
        "importance_rank": "bigint",
        "stated_importance_share": SCORE,
        "value_lever_rank": "bigint",
        "customers_count": "bigint",
        "fit_status": "varchar",
        "explained_share": SCORE,
        "explained_share_low": SCORE,
        "explained_share_high": SCORE,
        "stated_importance_low": SCORE,
        "stated_importance_high": SCORE,
        "lever_rank": "bigint",
        "stated_respondents_count": "bigint",
    },
    "rpt_comment_terms": {
        "entity_id": "varchar",
        "fiscal_year": "bigint",
        "comment_source": "varchar",
        "language": "varchar",
        "term": "varchar",
        "respondents_share": SCORE,
        "respondents_share_low": SCORE,
        "respondents_share_high": SCORE,
        "classified_respondents_share": SCORE,
        "classified_respondents_share_low": SCORE,
        "classified_respondents_share_high": SCORE,
        "respondents_count": "bigint",
        "all_respondents_count": "bigint",
        "reliability": "varchar",
    },
    "rpt_lateness_effect": {
        "entity_id": "varchar",
        "survey_id": "varchar",
        "question_id": "varchar",
        "lateness_basis": "varchar",
        "is_driver": "boolean",
        "effect": SCORE,
        "effect_low": SCORE,
        "effect_high": SCORE,
        "late_answers_count": "bigint",
        "other_answers_count": "bigint",
        "answered_before_delivery_share": SCORE,
        "answered_before_delivery_low": SCORE,
        "answered_before_delivery_high": SCORE,
        "reliability": "varchar",
    },
    "rpt_contact_concentration": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "profit_decile": "bigint",
        "customers_count": "bigint",
        "contacted_customers_count": "bigint",
        "contacts_count": "bigint",
        "contacts_share": SCORE,
        "over_cap_share": SCORE,
        "opt_outs_count": "bigint",
    },
    "rpt_agreement_gap": {
        "entity_id": "varchar",
        "fiscal_year": "bigint",
        "statement_id": "varchar",
        "statement_name": "varchar",
        "management_agree_share": SCORE,
        "management_agree_low": SCORE,
        "management_agree_high": SCORE,
        "staff_agree_share": SCORE,
        "staff_agree_low": SCORE,
        "staff_agree_high": SCORE,
        "customer_agree_share": SCORE,
        "agreement_gap": SCORE,
        "agreement_gap_low": SCORE,
        "agreement_gap_high": SCORE,
        "alert_status": "varchar",
        "customer_agree_low": SCORE,
        "customer_agree_high": SCORE,
        "management_respondents_count": "bigint",
        "staff_respondents_count": "bigint",
        "customer_respondents_count": "bigint",
    },
    "rpt_promise_gap": {
        "entity_id": "varchar",
        "fiscal_year": "bigint",
        "promise_id": "varchar",
        "statement": "varchar",
        "promised_share": SCORE,
        "kept_share": SCORE,
        "kept_share_low": SCORE,
        "kept_share_high": SCORE,
        "events_count": "bigint",
        "promise_status": "varchar",
    },
    "rpt_stated_reasons": {
        "entity_id": "varchar",
        "reason": "varchar",
        "statements_count": "bigint",
        "customers_count": "bigint",
    },
    "rpt_measurement_coverage": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "measurement_status": "varchar",
        "is_profit_measured": "boolean",
        "currency": "varchar",
        "revenue_amount": AMOUNT,
        "customers_count": "bigint",
        "customers_share": SCORE,
        "revenue_share": SCORE,
    },
    "rpt_whale_curve": {
        "entity_id": "varchar",
        "period": "varchar",
        "profit_level": "varchar",
        "customer_rank": "bigint",
        "customer_id": "varchar",
        "profit_amount": AMOUNT,
        "cumulative_profit_amount": AMOUNT,
        "cumulative_profit_share": SCORE,
    },
    "rpt_profit_concentration": {
        "entity_id": "varchar",
        "period": "varchar",
        "profit_level": "varchar",
        "peak_share": SCORE,
        "peak_at_customers_share": SCORE,
        "top_decile_share": SCORE,
        "gini_rsv_coefficient": SCORE,
    },
    "rpt_metric_catalogue": {
        "metric": "varchar",
        "metric_role": "varchar",
        "end_served": "varchar",
        "guardrails": "varchar",
        "mart": "varchar",
        "column_name": "varchar",
        "owner": "varchar",
        "evidence": "varchar",
        "source": "varchar",
        "valid_from": "date",
    },
    "rpt_assumptions": {
        "policy": "varchar",
        "assumption": "varchar",
        "evidence": "varchar",
    },
    "rpt_source_control_totals": {
        "entity_id": "varchar",
        "source": "varchar",
        "input_table": "varchar",
        "currency": "varchar",
        "raw_rows": "bigint",
        "accepted_rows": "bigint",
        "quarantined_rows": "bigint",
        "raw_amount": AMOUNT,
        "accepted_amount": AMOUNT,
        "quarantined_amount": AMOUNT,
    },
    "rpt_profit_bridge": {
        "entity_id": "varchar",
        "comparison": "varchar",
        "month_start_date": "date",
        "profit_level": "varchar",
        "base_profit_amount": AMOUNT,
        "profit_amount": AMOUNT,
        "volume_effect_amount": AMOUNT,
        "mix_effect_amount": AMOUNT,
        "efficiency_effect_amount": AMOUNT,
        "price_effect_amount": AMOUNT,
        "exchange_effect_amount": AMOUNT,
        "cost_rate_effect_amount": AMOUNT,
        "capacity_effect_amount": AMOUNT,
        "new_customers_amount": AMOUNT,
        "lost_customers_amount": AMOUNT,
        "new_products_amount": AMOUNT,
        "lost_products_amount": AMOUNT,
        "method_change_amount": AMOUNT,
        "frozen_difference_amount": AMOUNT,
    },
    "rpt_ledger_reconciliation": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "currency": "varchar",
        "tie_out": "varchar",
        "pool_id": "varchar",
        "pnl_line": "varchar",
        "account_code": "varchar",
        "ledger_amount": AMOUNT,
        "assigned_amount": AMOUNT,
        "unused_capacity_amount": AMOUNT,
        "unassigned_amount": AMOUNT,
        "quarantined_amount": AMOUNT,
        "reconciling_amount": AMOUNT,
        "difference_amount": AMOUNT,
        "materiality_amount": AMOUNT,
        "reconciling_item_type": "varchar",
        "reconciling_item_owner": "varchar",
        "reconciling_item_age_days": "bigint",
        "tie_out_status": "varchar",
        "is_signable": "boolean",
    },
    "rpt_quarantined_rows": {
        "entity_id": "varchar",
        "source": "varchar",
        "input_table": "varchar",
        "source_id": "varchar",
        "quarantine_reason": "varchar",
        "quarantine_detail": "varchar",
    },
    "rpt_unassigned_rows": {
        "entity_id": "varchar",
        "month_start_date": "date",
        "currency": "varchar",
        "pnl_line": "varchar",
        "pool_id": "varchar",
        "unassigned_reason": "varchar",
        "unassigned_amount": AMOUNT,
    },
}


class Publication:
    """One publication, open for reading; every mart is a view under its own name."""

    def __init__(self, folder: Path) -> None:
        path = folder / "manifest.json"
        self.manifest: dict = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 2")
        database = str(folder / "twofold.duckdb").replace("'", "''")
        self._connection.execute(f"attach '{database}' as published (read_only)")
        self.columns: dict[str, dict[str, str]] = {}
        self._find_marts()
        self._make_views()

    def __enter__(self) -> "Publication":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def _find_marts(self) -> None:
        self._schemas: dict[str, str] = {}
        found = self._connection.execute(
            "select table_name, table_schema, column_name, data_type "
            "from information_schema.columns where table_catalog = 'published' "
            "order by table_name, table_schema, ordinal_position"
        ).fetchall()
        for mart, schema, column, kind in found:
            if self._schemas.setdefault(mart, schema) == schema:
                self.columns.setdefault(mart, {})[column] = kind

    def _make_views(self) -> None:
        for mart in sorted(set(self.columns) | set(READ)):
            have = self.columns.get(mart, {})
            lacking = [
                f'cast(null as {kind}) as "{column}"'
                for column, kind in READ.get(mart, {}).items()
                if column not in have
            ]
            selected = ", ".join([f'"{c}"' for c in have] + lacking)
            source = f' from published."{self._schemas[mart]}"."{mart}"' if have else " where false"
            self._connection.execute(f'create view "{mart}" as select {selected}{source}')

    def has(self, mart: str) -> bool:
        """Whether the mart was published."""
        return mart in self.columns

    def execute(self, sql: str, parameters: list | None = None) -> None:
        """Run a statement for its effect on the private, in-memory side."""
        self._connection.execute(sql, parameters or [])

    def rows(self, sql: str, parameters: list | None = None) -> list[dict]:
        """The rows of a query, decimals as decimals."""
        cursor = self._connection.execute(sql, parameters or [])
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def count(self, mart: str) -> int:
        """How many rows a mart has."""
        return self.rows(f'select count(*) as row_count from "{mart}"')[0]["row_count"]
