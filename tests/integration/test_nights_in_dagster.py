"""A whole night through Dagster: the same bytes as the command line; definitions need no data.

Each test starts Dagster in a process of its own, as the Makefile and the scheduler do.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from orchestration import ui
from orchestration.settings import PROJECT, Settings

TABLES = {
    "customers": 'customer_id,name\n1,"O\'Brien; DROP TABLE"\n2,<script>\n3,=1+1\n',
    "revenue_lines": "document_id,line_number,posted_on,customer_id,net_amount,currency\n"
    + "".join(f"D{n},1,2024-0{1 + n % 3}-05,{1 + n % 3},{n}.25,EUR\n" for n in range(1, 31)),
    "cost_entries": "posted_on,account_code,amount,currency\n"
    + "".join(f"2024-0{month}-28,6000,{month}0.5,EUR\n" for month in (1, 2, 3)),
}


def environment(settings: Settings) -> dict[str, str]:
    own = {
        "LANDING": str(settings.landing),
        "WAREHOUSE": str(settings.warehouse),
        "DAGSTER_HOME": str(ui.prepare_home(settings)),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    return os.environ | own


def run(settings: Settings, *line: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *line],
        env=environment(settings),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def parquet(settings: Settings) -> dict[str, bytes]:
    root = settings.current.resolve() / "parquet"
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*.parquet")}


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "landing"
    (folder / "acme").mkdir(parents=True)
    for name, text in TABLES.items():
        (folder / "acme" / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def through_dagster(landing, tmp_path_factory) -> Settings:
    settings = Settings(landing=landing, warehouse=tmp_path_factory.mktemp("dagster") / "warehouse")
    job = ("-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", "nightly")
    done = run(settings, *job)
    assert done.returncode == 0, done.stderr[-6000:]
    return settings


def test_the_bytes_are_those_of_the_command_line(through_dagster, landing, tmp_path):
    settings = Settings(landing=landing, warehouse=tmp_path / "warehouse")
    done = run(settings, "-m", "orchestration.cli", "nightly")
    assert done.returncode == 0, done.stderr[-6000:]
    mine, theirs = parquet(through_dagster), parquet(settings)
    assert mine.keys() == theirs.keys()
    assert mine
    assert [name for name in mine if mine[name] != theirs[name]] == []
    said = [
        json.loads((s.current / "manifest.json").read_text()) for s in (through_dagster, settings)
    ]
    for key in ("rows", "control_totals", "input_hash", "policy_hash", "gates"):
        assert said[0][key] == said[1][key], key


def test_a_night_through_dagster_ends_in_the_site(through_dagster):
    assert (through_dagster.site / "index.html").is_file()
    note = json.loads((through_dagster.build / "night.json").read_text())
    assert note["publication"] == through_dagster.current.resolve().name


def test_a_second_night_with_nothing_new_goes_through_with_every_check(through_dagster):
    before = through_dagster.current.resolve()
    job = ("-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", "nightly")
    done = run(through_dagster, *job)
    assert done.returncode == 0, done.stderr[-6000:]
    after = through_dagster.current.resolve()
    assert after != before
    for path in sorted((before / "parquet").rglob("*.parquet")):
        assert path.samefile(after / path.relative_to(before)), path.name


def test_a_refused_input_fails_the_run_and_leaves_the_publication(through_dagster, landing):
    """One more Dagster process; the publication in force is untouched."""
    before = through_dagster.current.resolve()
    file = landing / "acme" / "customers.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text("name\nnobody\n", encoding="utf-8")
    try:
        job = ("-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j")
        done = run(through_dagster, *job, "nightly")
    finally:
        file.write_text(text, encoding="utf-8")
    assert done.returncode != 0
    assert "lacks the required column customer_id" in done.stderr
    assert through_dagster.current.resolve() == before


LOAD = """
import sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
import orchestration.definitions as definitions
own = [o for o in opened if o.startswith(sys.argv[1]) and not o.startswith(sys.prefix)]
at_import = [o for o in own if not o.endswith((".py", ".pyc"))]
assert at_import == [], at_import
loaded = definitions.defs()
loaded.resolve_job_def("nightly")
touched = [o for o in opened if o.endswith((".duckdb", ".parquet", ".csv", ".csv.gz"))]
assert touched == [], touched
"""


def test_definitions_load_on_a_bare_checkout_and_touch_no_data(tmp_path):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    script = tmp_path / "load.py"
    script.write_text(LOAD, encoding="utf-8")
    done = run(settings, str(script), str(PROJECT))
    assert done.returncode == 0, done.stderr[-4000:]
    assert not settings.landing.exists()
    assert not list(settings.warehouse.rglob("*.duckdb"))


QUESTION = """{
    repositoriesOrError { ... on RepositoryConnection { nodes {
        schedules { name scheduleState { status } } sensors { name sensorState { status } }
    } } }
    assetNodes { id }
    instance { runQueueConfig { maxConcurrentRuns } }
}"""


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def ask(port: int, query: str) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["data"]


def test_the_interface_answers_on_loopback(through_dagster, tmp_path):
    port = free_port()
    line = [sys.executable, "-m", "orchestration.ui", "--port", str(port)]
    own = environment(through_dagster)
    del own["DAGSTER_HOME"]
    said = tmp_path / "said.txt"
    with said.open("w", encoding="utf-8") as output:
        # a file and a session of its own: what outlives its parent can neither block nor stay
        served = subprocess.Popen(
            line, env=own, cwd=PROJECT, stdout=output, stderr=output, start_new_session=True
        )
    try:
        answer = None
        end = time.monotonic() + 180
        while answer is None and time.monotonic() < end and served.poll() is None:
            try:
                answer = ask(port, QUESTION)
            except OSError:
                time.sleep(1)
    finally:
        os.killpg(served.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            served.wait(timeout=30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(served.pid, signal.SIGKILL)
        served.wait(timeout=30)
    assert answer is not None, said.read_text(encoding="utf-8")[-4000:]
    (project,) = answer["repositoriesOrError"]["nodes"]
    assert project["schedules"] == [
        {"name": "nightly_at_three", "scheduleState": {"status": "RUNNING"}}
    ]
    assert project["sensors"] == [
        {"name": "landing_files_changed", "sensorState": {"status": "STOPPED"}}
    ]
    assert len(answer["assetNodes"]) > 200
    assert answer["instance"]["runQueueConfig"] == {"maxConcurrentRuns": 1}
