"""The data tests are tested: each fails on bad rows, and the generic ones pass on sound rows."""

import dataclasses
import shutil

import duckdb
import pytest

# test, relation, rows as SQL
BAD_ROWS = {
    # an empty part of the key is a key: two such rows are one too many
    "fct_customer_pnl_lines_monthly__one_row_per_grain": (
        "marts.fct_customer_profitability_monthly",
        "select 'twice' as entity_id, 'c' as customer_id, 1 as rebate_amount from range(2)",
    ),
    # one cent of what the pool let out never came to an activity
    "every_stage_passes_on_what_it_received": (
        "marts.fct_cost_assignments_monthly",
        "from (values ('gulf', date '2025-01-01', 'ledger', 5.00, 0.00, 5.00, 0, 0.00),"
        " ('gulf', date '2025-01-01', 'pool', 0.00, 5.00, 5.00, 0, 0.00),"
        " ('gulf', date '2025-01-01', 'activity', 0.00, 4.99, 0.00, 0, 4.99))"
        " as p (entity_id, month_start_date, stage, input_amount, allocation_in_amount,"
        " allocation_out_amount, adjustment_amount, net_amount)",
    ),
    "fct_capacity_monthly__minutes_and_money_are_used_or_idle": (
        "marts.fct_capacity_monthly",
        "select 'acme' as entity_id, 10 as practical_minutes, 0 as used_dedicated_minutes,"
        " 8 as used_shared_minutes, 0 as idle_dedicated_minutes, 2 as idle_shared_minutes,"
        " 5.00 as cost_amount, 4.00 as used_amount, 0 as idle_dedicated_amount,"
        " 0.99 as idle_shared_amount, 0 as rate_variance_amount",
    ),
    "service_departments_drain": (
        "intermediate.int_service_department_shares_monthly",
        "select 'ring' as entity_id, date '2025-01-01' as month_start_date,"
        " 'reciprocal' as service_method, 'hr' as giver_pool_id, 'hr' as receiver_pool_id,"
        " 'closed' as outcome, 1000000000000 as share_units",
    ),
    "policies_agree_with_each_other": (
        "policies.policy_service_departments",
        "select 'chart' as chart_id, 'hr' as pool_id, 'nowhere' as receiver_pool_id,"
        " 'share' as basis, 0.9 as share",
    ),
    "fct_customer_profitability_monthly__invoice_is_list_less_discount": (
        "marts.fct_customer_profitability_monthly",
        "select 'acme' as entity_id, 10 as list_amount, 1 as discount_amount,"
        " 9.0001 as invoice_amount",
    ),
    # an outcome that is not known is no success
    "fct_customer_profitability_monthly__pocket_is_invoice_less_rebate": (
        "marts.fct_customer_profitability_monthly",
        "select 'acme' as entity_id, 9 as invoice_amount, 9 as pocket_amount",
    ),
    "pools_are_assigned_without_difference": (
        "marts.rpt_ledger_reconciliation",
        "select 'T2' as tie_out, 'acme' as entity_id, 0.0001 as difference_amount",
    ),
    "assigned_cost_arrives_at_customers": (
        "marts.rpt_ledger_reconciliation",
        "select 'T2' as tie_out, 'gulf' as entity_id, date '2025-01-01' as month_start_date,"
        " 5 as assigned_amount",
    ),
    "unmapped_accounts_block_where_policy_says_so": (
        "intermediate.int_ledger_entries_monthly",
        "select 'strict' as entity_id, date '2025-03-01' as month_start_date,"
        " '6999' as account_code, 'unmapped' as pnl_line, 0 as amount",
    ),
    # a posting that no file has
    "every_posting_is_in_one_place": (
        "intermediate.int_ledger_entries_monthly",
        "select 'twice' as entity_id, 'revenue' as pnl_line, 0 as amount, 1 as postings_count",
    ),
    # a cent of what pools kept is on no level above the customer
    "products_and_channels_stand_on_the_customers_total": (
        "marts.rpt_ledger_reconciliation",
        "select 'T2' as tie_out, 'gulf' as entity_id, date '2025-02-01' as month_start_date,"
        " 0 as difference_amount, 0 as assigned_amount, 0.01 as unused_capacity_amount,"
        " 0 as unassigned_amount",
    ),
    # a document with cost that its customer does not have
    "documents_hold_all_cost_to_serve_of_their_customers": (
        "intermediate.int_document_costs_monthly",
        "select 'acme' as entity_id, date '2025-01-01' as month_start_date, 'p' as pool_id,"
        " 'call' as activity, 'A' as customer_id, 0.01 as assigned_amount",
    ),
    # a residual of one unit
    "bridges_explain_the_whole_change_in_profit": (
        "marts.rpt_profit_bridge",
        "select 'acme' as entity_id, 'pocket' as profit_level, 0 as base_profit_amount,"
        " 0 as profit_amount, 0 as profit_change_amount, 0.0001 as volume_effect_amount,"
        " 0 as mix_effect_amount, 0 as efficiency_effect_amount, 0 as price_effect_amount,"
        " 0 as exchange_effect_amount, 0 as cost_rate_effect_amount, 0 as capacity_effect_amount,"
        " 0 as new_customers_amount, 0 as lost_customers_amount, 0 as new_products_amount,"
        " 0 as lost_products_amount, 0 as method_change_amount, 0 as frozen_difference_amount,"
        " 0 as classic_volume_effect_amount, 0 as classic_mix_effect_amount,"
        " 0 as classic_efficiency_effect_amount, 0 as classic_price_effect_amount,"
        " 0 as classic_exchange_effect_amount, 0 as classic_cost_rate_effect_amount",
    ),
    # rates from January on, none for February, sales in March
    "foreign_amounts_have_the_rates_they_need": (
        "intermediate.int_profit_cells_monthly",
        "select 'abroad' as entity_id, date '2025-03-01' as month_start_date, 'sale' as cell_kind,"
        " 'USD' as transaction_currency, 1 as gross_pocket_amount",
    ),
    # a closing rate of January and none of February
    "foreign_balances_have_a_closing_rate": (
        "marts.rpt_receivable_revaluation",
        "select 'abroad' as entity_id, date '2025-02-01' as month_start_date,"
        " 'USD' as transaction_currency",
    ),
    "entities_have_a_currency": (
        "intermediate.int_entities",
        "select 'acme' as entity_id from range(2)",
    ),
    "periods_are_contiguous": (
        "marts.dim_months",
        "from (values ('acme', date '2025-01-01', date '2025-01-31'),"
        " ('acme', date '2025-03-01', date '2025-03-31'))"
        " as m (entity_id, month_start_date, month_end_date)",
    ),
    "raw_rows_are_accepted_or_quarantined": (
        "marts.rpt_source_control_totals",
        "select 'acme' as entity_id, 3 as raw_rows, 2 as accepted_rows, 0 as quarantined_rows",
    ),
    "revenue_in_mart_equals_revenue_in_shown_lines": (
        "marts.fct_customer_profitability_monthly",
        "select 'gulf' as entity_id, 0.01 as invoice_amount",
    ),
}
# what a bad row needs beside it to be seen
BESIDE = {
    "intermediate.int_pools_monthly": "select 'ring' as entity_id,"
    " date '2025-01-01' as month_start_date, 'hr' as pool_id, 'reciprocal' as service_method",
    "intermediate.int_entity_reach": "select 'acme' as entity_id",
    "intermediate.int_entities": "select 'abroad' as entity_id, 'EUR' as currency",
    "intermediate.int_entity_months": "from (values ('abroad', date '2025-02-01', 2, 2025, 2),"
    " ('abroad', date '2025-03-01', 3, 2025, 3))"
    " as m (entity_id, month_start_date, period_index, fiscal_year, fiscal_period)",
    "intermediate.int_fx_rates_monthly": "from (values"
    " ('abroad', date '2025-01-01', 'USD'), ('abroad', date '2025-03-01', 'USD'))"
    " as r (entity_id, month_start_date, currency)",
    "intermediate.int_fx_closing_rates_monthly": "select 'abroad' as entity_id,"
    " date '2025-01-01' as month_start_date, 'USD' as currency",
    "policies.policy_reporting": "from (values ('strict', 'unmapped_accounts', 'block'),"
    " ('*', 'unmapped_accounts', 'warn')) as p (entity_id, parameter, value)",
}
SOUND_ROWS = {
    "fct_cost_assignments_monthly__net_is_input_and_in_less_out": (
        "marts.fct_cost_assignments_monthly",
        "select 'acme' as entity_id, 7 as input_amount, 1 as allocation_in_amount,"
        " 5 as allocation_out_amount, 2 as adjustment_amount, 5 as net_amount",
    ),
}


# a table of which a row of BAD_ROWS makes two
DOUBLED = "dim_entities"
VIEW = "fct_customer_pnl_lines_monthly"


@pytest.fixture(scope="module")
def results(empty_build, tmp_path_factory):
    """What became of each test, and of a table, on a copy of the empty build with these rows."""
    warehouse = tmp_path_factory.mktemp("rows") / "warehouse"
    shutil.copytree(empty_build.settings.warehouse, warehouse)
    settings = dataclasses.replace(empty_build.settings, warehouse=warehouse)
    project = dataclasses.replace(empty_build, settings=settings)
    everything = BAD_ROWS | SOUND_ROWS
    with duckdb.connect(str(settings.build_db)) as connection:
        for relation, rows in [*everything.values(), *BESIDE.items()]:
            connection.execute(f"insert into {relation} by name {rows}")
    # a view that was built without a row has that in its code
    project.run("run", "--full-refresh", "--select", DOUBLED, VIEW, may_fail=True)
    made = project.results
    project.run("test", "--select", *everything, may_fail=True)
    return {r["unique_id"].split(".")[2]: r for r in made + project.results}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_data_test_fails_on_bad_rows(results, name):
    assert results[name]["status"] == "fail"


@pytest.mark.parametrize("name", SOUND_ROWS)
def test_data_test_passes_on_sound_rows(results, name):
    assert results[name]["status"] == "pass"


def test_a_table_with_two_rows_of_one_grain_is_not_made(results):
    assert results[DOUBLED]["status"] == "error"
    said = f"more than one row per grain in {DOUBLED}: entity_id, rows: acme"
    assert said in results[DOUBLED]["message"]
