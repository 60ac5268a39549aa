"""The command line: exit codes and what it says on the way out."""

import sys

import pytest
from click.testing import CliRunner

from orchestration import cli, dbt_run, nightly
from orchestration.lock import only_writer
from orchestration.settings import GateError, InputError, Settings


@pytest.fixture
def run(tmp_path):
    def call(*arguments, **environment):
        places = [
            "--landing",
            str(tmp_path / "landing"),
            "--warehouse",
            str(tmp_path / "warehouse"),
        ]
        return CliRunner().invoke(cli.main, [*arguments, *places], env=environment)

    return call


@pytest.mark.parametrize(
    ("error", "code", "headline"),
    [
        (InputError("acme/: lacks\nbeta/: lacks"), 2, "refused because of the input (exit 2)"),
        (GateError("landing__customers: keys"), 3, "a gate failed, nothing was published (exit 3)"),
        (dbt_run.BuildError("int_x: no such column"), 1, "the build failed (exit 1)"),
    ],
)
def test_each_refusal_has_its_code_and_every_line_is_said(run, monkeypatch, error, code, headline):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(nightly, "run", refuse)
    result = run("nightly")
    assert result.exit_code == code
    assert headline in result.output
    for line in str(error).splitlines():
        assert line in result.output
    assert "Traceback" not in result.output


def test_night_without_fault_ends_with_zero(run, monkeypatch):
    monkeypatch.setattr(nightly, "run", lambda settings, say, full: say(f"published {full}"))
    result = run("nightly")
    assert (result.exit_code, result.output) == (0, "published False\n")
    assert run("nightly", FULL="1").output == "published True\n"


def test_bad_option_is_bad_input(run):
    result = run("nightly", "--as-of", "yesterday")
    assert result.exit_code == 2
    assert "AS_OF is 'yesterday': give a day as YYYY-MM-DD" in result.output
    assert run("check", TARGET="oracle").exit_code == 2


def test_rollback_without_a_publication_is_bad_input(run):
    result = run("rollback")
    assert result.exit_code == 2
    assert "nothing is published" in result.output


def test_second_writer_is_turned_away(run, tmp_path):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    with only_writer(settings):
        result = run("rollback")
    assert result.exit_code == 4
    assert "busy (exit 4)" in result.output
    assert "another run holds" in result.output


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"acme/customers.csv": "customer_id\n"}, "acme/: lacks the required tables"),
        ({"acme/notes.txt": "x", "beta/customers.csv": "x\n"}, "acme/: holds no Parquet or CSV"),
        ({"customers.csv": "customer_id\n"}, "lies beside the folders"),
    ],
)
def test_check_refuses_unusable_input_before_anything_is_built(run, tmp_path, write, files, said):
    for name, text in files.items():
        write(tmp_path / "landing" / name, text)
    result = run("check")
    assert result.exit_code == 2
    assert said in result.output


def test_help_needs_no_heavy_module():
    """`twofold --help` answers at once: dbt and Dagster load inside the commands."""
    import subprocess

    script = (
        "import sys, orchestration.cli;"
        "sys.exit(bool({'dbt', 'dagster', 'great_expectations', 'duckdb'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
