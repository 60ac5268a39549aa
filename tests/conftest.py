"""Fixtures that test folders share; each is made once a session, and only when asked for."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration import dbt_run, policies
from orchestration.landing import Landing
from orchestration.register import register
from orchestration.settings import PROJECT, Settings

# fixtures that parse or build the whole project
SHARED = re.compile(r"\b(dbt_project|empty_build|compiled_manifest)\b")
REAL_SOURCES = ("adventureworks", "olist", "online_retail")


@dataclass(frozen=True)
class DbtProject:
    """The dbt project with a build database of its own, run in a process of its own."""

    settings: Settings

    @property
    def manifest(self) -> dict:
        """dbt's manifest as the last command left it."""
        return json.loads((self.settings.dbt_target / "manifest.json").read_text(encoding="utf-8"))

    @property
    def compiled(self) -> Path:
        """The manifest with the compiled SQL, once the project was built."""
        return self.settings.build / "compiled_manifest.json"

    @property
    def results(self) -> list[dict]:
        """What became of each node of the last command."""
        path = self.settings.dbt_target / "run_results.json"
        return json.loads(path.read_text(encoding="utf-8"))["results"]

    def run(self, command: str, *options: str, may_fail: bool = False) -> str:
        """Run one dbt command and return what it printed."""
        line = [
            *(sys.executable, "-m", "dbt.cli.main", command),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--log-level", "warn", "--log-level-file", "none", *options),
        ]
        environment = os.environ | dbt_run.environment(self.settings)
        done = subprocess.run(
            line, capture_output=True, text=True, env=environment, cwd=PROJECT, check=False
        )
        printed = done.stdout + done.stderr
        if done.returncode and not may_fail:
            raise AssertionError(f"dbt {command} failed\n{printed[-4000:]}")
        return printed


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Work goes to workers by file; all files that read the built dbt project go as one.

    Else every worker would build it. (Marks by xdist_group have no effect in xdist 3.8 here.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            text = (PROJECT / file).read_text(encoding="utf-8")
            return "the dbt project" if SHARED.search(text) else file

    return ByFile(config, log)


@pytest.fixture(scope="session")
def real_landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with the three real sets, which are not part of the project.

    TWOFOLD_REAL_DATA names their folder (default: ../shared/data). Without them the test is skipped
    and says so; under CI it fails.
    """
    data = Path(os.environ.get("TWOFOLD_REAL_DATA") or PROJECT.parent / "shared" / "data")
    absent = [s for s in REAL_SOURCES if not (data / s).is_dir()]
    if absent:
        reason = f"no folder {', '.join(absent)} in {data.name}; set TWOFOLD_REAL_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    landing = tmp_path_factory.mktemp("real") / "landing"
    landing.mkdir()
    for source in REAL_SOURCES:
        (landing / source).symlink_to((data / source).resolve())
    return landing


@pytest.fixture(scope="session")
def dbt_at() -> Callable[[Settings], DbtProject]:
    """The dbt project in a warehouse that is there already."""
    return DbtProject


@pytest.fixture(scope="session")
def dbt_project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The project as it parses, with nothing landed: every raw relation is there and empty."""
    root = tmp_path_factory.mktemp("dbt_project")
    settings = Settings(landing=root / "landing", warehouse=root / "warehouse")
    settings.landing.mkdir()
    policies.compose(settings)
    register(Landing(settings.landing), settings)
    project = DbtProject(settings)
    project.run("parse")
    return project


@pytest.fixture(scope="session")
def empty_build(dbt_project: DbtProject) -> DbtProject:
    """The project with every seed and model built without a row, so that its SQL is compiled."""
    dbt_project.run("build", "--empty", "--exclude-resource-type", "test", "unit_test")
    # a later command writes a manifest without the compiled SQL over this one
    dbt_project.compiled.write_text(json.dumps(dbt_project.manifest), encoding="utf-8")
    return dbt_project


@pytest.fixture(scope="session")
def manifest(dbt_project: DbtProject) -> dict:
    """dbt's manifest of the project."""
    return dbt_project.manifest


@pytest.fixture(scope="session")
def compiled_manifest(empty_build: DbtProject) -> dict:
    """dbt's manifest with the compiled SQL of every model."""
    return json.loads(empty_build.compiled.read_text(encoding="utf-8"))


@pytest.fixture
def write() -> Callable[[Path, str], Path]:
    """Write a text file and the folders above it."""

    def write_text(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_text
