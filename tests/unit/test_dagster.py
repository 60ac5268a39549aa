"""Dagster's side of the night: the graph, the clock, the sensor, refusals, one writer at a time."""

import json
from contextlib import contextmanager
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from expectations.outcome import Fault, GateOutcome
from orchestration import nightly, ui
from orchestration.assets import CANDIDATE, PUBLICATION, SITE, is_mart, raw_tables
from orchestration.checks import results_of
from orchestration.dbt_run import BuildError
from orchestration.definitions import build_definitions
from orchestration.landing import Landing, fingerprint, has_data
from orchestration.lock import only_writer
from orchestration.resources import EXIT_CODES, refusals
from orchestration.settings import GateError, InputError, LockedError, Settings


@pytest.fixture(scope="module")
def manifest_file(dbt_project) -> Path:
    return dbt_project.settings.dbt_target / "manifest.json"


@pytest.fixture(scope="module")
def definitions(manifest_file, tmp_path_factory):
    root = tmp_path_factory.mktemp("graph")
    return build_definitions(manifest_file, landing=root / "landing", warehouse=root / "warehouse")


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def ancestors(graph, key) -> set:
    found, waiting = set(), [key]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def test_every_raw_table_seed_and_model_is_an_asset(graph, manifest):
    keys = graph.get_all_asset_keys()
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    missing = [n["name"] for n in nodes if dg.AssetKey([n["schema"], n["name"]]) not in keys]
    missing += [s for s in raw_tables() if s not in keys]
    missing += [
        s["name"]
        for s in manifest["sources"].values()
        if dg.AssetKey([s["source_name"], s["name"]]) not in keys
    ]
    assert not missing


def test_it_is_one_graph_that_ends_in_the_site(graph, manifest):
    before = ancestors(graph, SITE)
    assert {CANDIDATE, PUBLICATION} <= before
    marts = [n for n in manifest["nodes"].values() if is_mart(n)]
    assert {dg.AssetKey(["marts", n["name"]]) for n in marts} <= before
    assert dg.AssetKey(["landing", "revenue_lines"]) in before
    external = [k for k in graph.get_all_asset_keys() if not graph.get(k).is_materializable]
    assert not external


def test_every_asset_says_what_it_is(graph):
    keys = graph.get_all_asset_keys()
    assert not [k.to_user_string() for k in keys if not graph.get(k).description]


def test_gates_block_and_only_tests_of_marts_are_checks(graph, manifest):
    checks = [graph.get(key) for key in graph.asset_check_keys]
    assert all(c.blocking for c in checks if c.key.name.startswith("gx"))
    marts = {n["name"] for n in manifest["nodes"].values() if is_mart(n)}
    of = {}
    for check in checks:
        of.setdefault(check.key.asset_key, set()).add(check.key.name)
    assert {k for k in of if "gx" in of[k]} == set(raw_tables())
    assert of[CANDIDATE] == {f"gx__{name}" for name in marts}
    rest = [k for k in of if k not in raw_tables() and k != CANDIDATE]
    assert rest
    assert {k.path[0] for k in rest} == {"marts"}


def test_the_nightly_job_is_everything_in_one_process(definitions, graph):
    job = definitions.resolve_job_def("nightly")
    assert job.asset_layer.executable_asset_keys == graph.get_all_asset_keys()
    assert job.executor_def is dg.in_process_executor
    steps = {"landing", "landing_gate", "build", "candidate", "published_gate", "publication"}
    assert set(job.graph.node_dict) == steps | {"site"}
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)


def test_transient_faults_are_retried_and_publication_is_not(definitions):
    nodes = definitions.resolve_job_def("nightly").graph.node_dict
    retried = {name for name, node in nodes.items() if node.definition.retry_policy}
    assert retried == {"landing", "candidate", "site"}


def test_the_schedule_is_registered_for_three_at_night_and_on(definitions):
    schedule = definitions.resolve_schedule_def("nightly_at_three")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 3 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "nightly"


# ---- sensor


@pytest.fixture
def look(manifest_file, tmp_path):
    """One tick of the sensor over a landing folder: cursor in, result out."""
    folders = {"landing": tmp_path / "landing", "warehouse": tmp_path / "warehouse"}
    sensor = build_definitions(manifest_file, **folders).resolve_sensor_def("landing_files_changed")

    def tick(cursor=None):
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance=instance,
                cursor=cursor,
                resources={"options": _options(folders)},
            )
            return sensor.evaluate_tick(context)

    tick.settings = Settings(**folders)
    return tick


def _options(folders):
    from orchestration.resources import OptionsResource

    return OptionsResource(**{name: str(path) for name, path in folders.items()})


def test_the_sensor_waits_for_files(look):
    assert look().run_requests == []
    assert "holds no data" in look().skip_message


def test_the_sensor_is_off_until_switched_on(definitions):
    sensor = definitions.resolve_sensor_def("landing_files_changed")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_settled_changes_start_one_run_each(look, write):
    # not Parquet at all: the sensor must not look inside
    file = write(look.settings.landing / "one" / "customers.parquet", "a")
    first = look()
    assert (first.run_requests, "settle" in first.skip_message) == ([], True)
    second = look(first.cursor)
    assert len(second.run_requests) == 1
    assert look(second.cursor).run_requests == []
    write(file, "changed")
    third = look(second.cursor)
    assert third.run_requests == []
    fourth = look(third.cursor)
    assert len(fourth.run_requests) == 1
    write(look.settings.landing / "one" / "products.parquet", "b")
    fifth = look(fourth.cursor)
    file.unlink()
    sixth = look(fifth.cursor)
    assert sixth.run_requests == []
    assert len(look(sixth.cursor).run_requests) == 1


def test_what_is_published_already_is_not_run_again(look, write):
    write(look.settings.landing / "one" / "customers.csv", "customer_id")
    note = {
        "publication": "20250101T000000000000Z",
        "basis": {"files": fingerprint(look.settings.landing)},
    }
    write(look.settings.build / "night.json", json.dumps(note))
    tick = look()
    assert "published these files" in tick.skip_message
    assert look(tick.cursor).skip_message == "nothing has changed"


def test_a_linked_folder_is_seen_and_hidden_files_are_not(tmp_path, write):
    write(tmp_path / "elsewhere" / "customers.csv", "x")
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "one").symlink_to(tmp_path / "elsewhere")
    before = fingerprint(landing)
    assert has_data(landing)
    write(landing / "one" / ".upload.csv", "half")
    assert fingerprint(landing) == before


# ---- the instance


def test_the_instance_sends_nothing_and_runs_one_at_a_time(tmp_path):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    with dg.DagsterInstance.from_config(str(ui.prepare_home(settings))) as instance:
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        limits = instance.get_concurrency_config().run_queue_config
        assert limits.max_concurrent_runs == 1


def test_the_interface_listens_on_loopback_alone():
    line = ui.command(3000)
    assert line[line.index("--host") + 1] == "127.0.0.1"


def test_runs_left_behind_are_ended_unless_one_is_under_way(tmp_path):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    home = ui.prepare_home(settings)

    @dg.job
    def nothing():
        pass

    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
        with only_writer(settings):
            assert ui.end_dead_runs(settings, home) == []
        assert ui.end_dead_runs(settings, home) == [run.run_id]
        assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE


# ---- refusals, gates and resuming, with steps that only pretend


@pytest.mark.parametrize("kind", list(EXIT_CODES))
def test_a_refusal_is_final_and_carries_the_exit_code(kind):
    with pytest.raises(dg.Failure) as caught, refusals():
        raise kind("customers.csv: lacks customer_id")
    failure = caught.value
    assert failure.description == "customers.csv: lacks customer_id"
    assert failure.metadata["exit_code"].value == EXIT_CODES[kind]
    assert failure.allow_retries is False


def test_the_command_line_ends_with_the_same_codes():
    from orchestration import cli

    assert {kind: EXIT_CODES[kind] for kind in cli.EXIT_CODES} == cli.EXIT_CODES


FAULT = Fault(
    suite="landing__customers",
    table="landing.customers",
    column="name",
    severity="critical",
    expectation="text",
    observed="<script>alert(1)</script>",
    reason="",
    action="Deliver it again.",
)


@pytest.fixture
def pretend(monkeypatch, manifest_file, manifest, tmp_path):
    """The nightly job with steps that note that they ran and do nothing else."""
    done = []
    folders = {"landing": tmp_path / "landing", "warehouse": tmp_path / "warehouse"}

    def step(name, action=lambda night: None):
        def run(night, *_, **__):
            with night.step(name):
                done.append(name)
                action(night)

        return run

    def landed(night):
        night.landing = Landing(tmp_path / "landing")
        night.basis = nightly._basis(night)

    def published(night):
        night.publication = tmp_path / "published"

    def judged(gate):
        return lambda night: night.outcomes.update({gate: GateOutcome(gate)})

    def built(night, only=(), each=None):
        with night.step("build"):
            done.append("build")
            for uid in TopologicalSorter(manifest["parent_map"]).static_order():
                if uid not in manifest["nodes"]:
                    continue
                node = manifest["nodes"][uid]
                status = "pass" if node["resource_type"] == "test" else "success"
                about = SimpleNamespace(unique_id=uid, description="", name=node["name"])
                each(
                    SimpleNamespace(
                        node=about, status=status, execution_time=0.0, message=None, failures=0
                    )
                )

    monkeypatch.setattr(nightly.policies, "digest", lambda settings: "policies")
    monkeypatch.setattr(nightly.policies, "compose", lambda settings: None)
    monkeypatch.setattr(nightly, "land", step("landing", landed))
    monkeypatch.setattr(nightly, "check_landing", step("landing gate", judged("landing")))
    monkeypatch.setattr(nightly, "build", built)
    monkeypatch.setattr(nightly, "export", step("candidate"))
    monkeypatch.setattr(nightly, "check_candidate", step("published gate", judged("published")))
    monkeypatch.setattr(nightly, "put_in_force", step("publication", published))
    monkeypatch.setattr(nightly, "make_site", step("site"))
    monkeypatch.setattr(nightly, "summarise", lambda *_: done.append("summary"))
    (tmp_path / "landing").mkdir()
    definitions = build_definitions(manifest_file, **folders)

    def run(instance=None, selection=None):
        with instance or dg.DagsterInstance.ephemeral() as used:
            return definitions.resolve_job_def("nightly").execute_in_process(
                instance=used, raise_on_error=False, asset_selection=selection
            )

    run.done, run.settings, run.step = done, Settings(**folders), step
    return run


def test_the_steps_run_in_the_night_s_order(pretend):
    result = pretend()
    assert result.success
    assert pretend.done == [*nightly.ORDER, "summary"]
    checks = result.get_asset_check_evaluations()
    assert len(checks) > len(raw_tables())
    assert all(c.passed for c in checks)


def _blocked(gate, table="landing.customers"):
    def judge(night):
        night.outcomes[gate] = GateOutcome(gate, failures=[replace(FAULT, table=table)])
        night.outcomes[gate].raise_if_blocked()

    return judge


def _failure(result, step):
    event = next(e for e in result.all_events if e.is_step_failure and e.step_key == step)
    return event.event_specific_data


def test_a_failed_landing_gate_stops_the_night_before_the_build(pretend, monkeypatch):
    monkeypatch.setattr(nightly, "check_landing", pretend.step("landing gate", _blocked("landing")))
    result = pretend()
    assert not result.success
    assert pretend.done == ["landing", "landing gate"]
    told = _failure(result, "landing_gate")
    assert told.user_failure_data.description.startswith("landing gate: table landing.customers")
    assert told.user_failure_data.metadata["exit_code"].value == 3
    failed = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert [c.asset_key for c in failed] == [dg.AssetKey(["landing", "customers"])]
    assert nightly.last_night(pretend.settings)["took"].keys() == {"landing"}


def test_a_failed_published_gate_keeps_the_candidate_from_being_published(pretend, monkeypatch):
    mart = "fct_customer_value_monthly"
    failing = pretend.step("published gate", _blocked("published", mart))
    monkeypatch.setattr(nightly, "check_candidate", failing)
    result = pretend()
    assert not result.success
    assert pretend.done == list(nightly.ORDER[:5])
    failed = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert [(c.asset_key, c.check_name) for c in failed] == [(CANDIDATE, f"gx__{mart}")]


def test_a_failed_model_shows_what_was_built_and_stops(pretend, monkeypatch):
    def fail(night, only=(), each=None):
        about = SimpleNamespace(
            unique_id="model.twofold.dim_entities", description="", name="dim_entities"
        )
        each(
            SimpleNamespace(
                node=about, status="success", execution_time=0.0, message=None, failures=0
            )
        )
        raise BuildError("dim_months: no such column")

    monkeypatch.setattr(nightly, "build", fail)
    result = pretend()
    assert not result.success
    built = [
        e.asset_key for e in result.get_asset_materialization_events() if e.step_key == "build"
    ]
    assert built == [dg.AssetKey(["marts", "dim_entities"])]
    assert _failure(result, "build").user_failure_data.description == "dim_months: no such column"
    assert "publication" not in pretend.done


def test_an_input_error_is_not_retried(pretend, monkeypatch):
    def refuse(night):
        pretend.done.append("tried")
        raise InputError("one/customers.csv: lacks the required column customer_id")

    monkeypatch.setattr(nightly, "land", refuse)
    result = pretend()
    assert not result.success
    assert pretend.done == ["tried"]


def test_a_run_beside_another_is_refused(pretend):
    with only_writer(pretend.settings):
        result = pretend()
    assert not result.success
    assert pretend.done == []
    text = " ".join(str(e.event_specific_data) for e in result.all_events)
    assert "another run holds" in text


def test_a_step_alone_is_refused_until_those_before_it_are_done(pretend):
    result = pretend(selection=[PUBLICATION])
    told = _failure(result, "publication").user_failure_data
    assert "run the whole night" in told.description
    assert pretend.done == []


# ---- the night's note


@contextmanager
def _steps(night, *names):
    for name in names:
        with night.step(name):
            pass
    yield night


@pytest.fixture
def landed(tmp_path, write, monkeypatch):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    settings.landing.mkdir()
    monkeypatch.setattr(nightly, "discover", lambda root: Landing(root))
    write(settings.landing / "one" / "customers.csv", "customer_id")
    night = nightly.begin(settings, print)
    night.landing = Landing(settings.landing)
    nightly.policies.compose(settings)
    night.basis = nightly._basis(night)
    return night


def test_a_night_goes_on_where_it_stopped(landed):
    with _steps(landed, "landing", "landing gate", "build"):
        again = nightly.resume(landed.settings, print)
    assert again.run_id == landed.run_id
    nightly.require(again, "candidate")
    with pytest.raises(InputError, match="published gate: the step before it, candidate"):
        nightly.require(again, "published gate")


def test_a_night_whose_files_changed_is_not_resumed(landed, write):
    with _steps(landed, "landing"):
        write(landed.settings.landing / "one" / "customers.csv", "customer_id,name")
    with pytest.raises(InputError, match="changed since the last landing: files"):
        nightly.resume(landed.settings, print)


def test_a_step_done_again_undoes_what_follows(landed):
    with _steps(landed, "landing", "landing gate", "build", "candidate", "published gate"):
        landed.forget("build")
    assert list(landed.took) == ["landing", "landing gate"]


def test_a_failing_step_is_not_done(landed):
    with _steps(landed, "landing"), pytest.raises(GateError), landed.step("landing gate"):
        raise GateError("no")
    assert list(nightly.last_night(landed.settings)["took"]) == ["landing"]


def test_results_name_the_table_and_its_worst_fault():
    specs = {
        "landing.customers": dg.AssetCheckSpec("gx", asset=["landing", "customers"], blocking=True),
        "landing.products": dg.AssetCheckSpec("gx", asset=["landing", "products"], blocking=True),
    }
    outcome = GateOutcome("landing", failures=[FAULT], rows={"landing.products": 7})
    customers, products = results_of(outcome, specs)
    assert (customers.passed, customers.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "<script>" in customers.description
    assert products.passed
    assert products.metadata["rows"].value == 7


def test_locked_is_a_refusal():
    assert EXIT_CODES[LockedError] == 4
