from datetime import date

import pytest

from orchestration.settings import InputError, Settings

VARIABLES = ("LANDING", "WAREHOUSE", "POLICIES", "TARGET", "AS_OF")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_defaults_are_those_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment()
    assert settings.landing == tmp_path / "landing"
    assert settings.warehouse == tmp_path / "warehouse"
    assert (settings.policies, settings.target, settings.as_of) == (None, "duckdb", None)


def test_given_option_wins_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDING", str(tmp_path / "from_environment"))
    monkeypatch.setenv("AS_OF", "2024-02-29")
    settings = Settings.from_environment(landing=tmp_path / "given", as_of=None, warehouse="")
    assert settings.landing == tmp_path / "given"
    assert settings.as_of == date(2024, 2, 29)


def test_empty_variable_counts_as_none(monkeypatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    settings = Settings.from_environment()
    assert (settings.landing.name, settings.target, settings.as_of) == ("landing", "duckdb", None)


@pytest.mark.parametrize("day", ["yesterday", "2025-02-30", "31.12.2024", "2025-1-1"])
def test_as_of_that_is_no_day_is_refused_with_the_form_to_give(day):
    with pytest.raises(InputError, match=r"AS_OF is .*: give a day as YYYY-MM-DD"):
        Settings.from_environment(as_of=day)


def test_unknown_engine_is_refused():
    with pytest.raises(InputError, match="TARGET is 'oracle': it is duckdb or spark"):
        Settings.from_environment(target="oracle")


def test_policies_that_are_no_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        Settings.from_environment(policies=tmp_path / "nowhere")


def test_everything_built_lies_in_the_warehouse(tmp_path):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    places = ("build", "build_db", "seeds", "dbt_target", "published", "current", "site", "books")
    for place in places:
        assert getattr(settings, place).is_relative_to(settings.warehouse)
