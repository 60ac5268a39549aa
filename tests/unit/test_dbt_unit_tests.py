"""Every dbt unit test of the project, run on empty relations; one line for each that fails."""

import pytest


@pytest.fixture(scope="session")
def unit_test_results(empty_build):
    empty_build.run("test", "--select", "test_type:unit", may_fail=True)
    return empty_build.results


def test_every_dbt_unit_test_passes(unit_test_results):
    failed = [
        f"{r['unique_id'].removeprefix('unit_test.twofold.')}: {r['status']}\n{r['message']}"
        for r in unit_test_results
        if r["status"] != "pass"
    ]
    assert not failed, "\n\n".join(failed)


def test_no_dbt_unit_test_is_left_out(unit_test_results, manifest):
    assert {r["unique_id"] for r in unit_test_results} == set(manifest["unit_tests"])


@pytest.mark.parametrize(
    "published",
    [
        "horngren_spring_distribution_operating_income_of_five_customers",
        "horngren_spring_distribution_concentration_is_as_published",
        "horngren_spring_distribution_whale_curve_is_as_published",
        "marn_and_rosiello_pocket_price_of_a_linoleum_floor",
        "largest_remainder_gives_every_cent_once_and_ties_go_by_key",
        "time_equations_give_published_minutes",
        "customer_service_costs_eighty_cents_a_minute_as_published",
        "classic_costing_shares_customer_service_out_by_effort_as_published",
        "time_driven_costing_assigns_used_minutes_only_as_published",
        "customer_service_leaves_published_idle_capacity",
        "service_department_shares_are_as_published_by_each_method",
        "departments_cost_reaches_the_cent_what_is_published",
        "three_methods_stand_side_by_side_as_published",
        "published_bridges_are_reproduced_and_work_is_bridged_by_volume_time_and_rate",
        "receivable_at_the_closing_rate_has_the_published_difference_to_what_was_booked",
        "effects_are_rounded_as_running_totals_and_their_sum_is_the_change",
        "published_difference_of_classic_and_time_driven_costing_is_idle_capacity_and_estimates",
    ],
)
def test_published_numbers_are_reproduced_by_the_sql(unit_test_results, published):
    statuses = [r["status"] for r in unit_test_results if r["unique_id"].endswith(f".{published}")]
    assert statuses == ["pass"]
