"""The seed folder of a run: shipped policies, with a company's own in their place."""

from dataclasses import replace

import pytest

from orchestration import policies
from orchestration.settings import InputError, Settings

REPORTING = "entity_id,parameter,value,valid_from,valid_to,owner,evidence,source\n"


@pytest.fixture
def settings(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    return Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse", policies=own)


def test_shipped_policies_are_composed_without_own_ones(settings):
    policies.compose(replace(settings, policies=None))
    shipped = {p.relative_to(policies.SHIPPED) for p in policies.SHIPPED.rglob("*.csv")}
    assert {p.relative_to(settings.seeds) for p in settings.seeds.rglob("*.csv")} == shipped


def test_own_file_takes_the_place_of_the_shipped_one(settings, write):
    row = "*,materiality_amount,9.00,2000-01-01,,finance,assumed,Ours\n"
    write(settings.policies / "policy_reporting.csv", "\ufeff" + REPORTING + row)
    policies.compose(settings)
    composed = settings.seeds / "policies/policy_reporting.csv"
    assert composed.read_text(encoding="utf-8").endswith(row)
    policies.compose(replace(settings, policies=None))
    assert "Ours" not in composed.read_text(encoding="utf-8")


def test_own_file_with_other_columns_is_refused_naming_both(settings, write):
    write(settings.policies / "policy_reporting.csv", "entity_id,parameter,amount\n")
    with pytest.raises(InputError) as caught:
        policies.compose(settings)
    assert str(caught.value) == (
        "policy_reporting.csv: its columns are entity_id, parameter, amount; they have to be "
        + REPORTING.strip().replace(",", ", ")
    )


def test_own_file_that_is_no_policy_is_refused_naming_the_policies(settings, write):
    write(settings.policies / "policy_reportings.csv", REPORTING)
    write(settings.policies / "lookup_currencies.csv", "currency\n")
    with pytest.raises(InputError) as caught:
        policies.compose(settings)
    first, second = str(caught.value).splitlines()
    assert first.startswith("lookup_currencies.csv: not a policy; policies are ")
    assert "policy_reporting," in second


def test_own_policy_in_another_format_is_refused_and_other_papers_are_not(settings):
    (settings.policies / "policy_cost_pools.xlsx").write_bytes(b"PK")
    (settings.policies / "README.txt").write_text("who approved them")
    with pytest.raises(InputError) as caught:
        policies.compose(settings)
    assert str(caught.value) == (
        "policy_cost_pools.xlsx: not read; a policy is a .csv file, separated by commas"
    )


def test_nothing_is_composed_where_a_file_is_refused(settings, write):
    write(settings.policies / "policy_reporting.csv", "a\n")
    with pytest.raises(InputError):
        policies.compose(settings)
    assert not settings.seeds.exists()


def test_digest_follows_the_policies_in_force_and_nothing_else(settings, write):
    policies.compose(settings)
    before = policies.digest(settings)
    policies.compose(settings)
    assert policies.digest(settings) == before
    write(settings.policies / "policy_reporting.csv", REPORTING)
    policies.compose(settings)
    assert policies.digest(settings) != before


def test_file_that_did_not_change_is_not_touched_and_a_stale_one_goes(settings, write):
    policies.compose(settings)
    composed = settings.seeds / "policies/policy_reporting.csv"
    then = composed.stat().st_mtime_ns
    stale = write(settings.seeds / "policies/policy_of_yesterday.csv", "a\n")
    policies.compose(settings)
    assert composed.stat().st_mtime_ns == then
    assert not stale.exists()
