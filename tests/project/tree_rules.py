"""The rules of the project over its files; each takes the root and returns a line for a fault."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

# what git keeps out, and what is not ours
OUTSIDE = {
    *(".git", ".venv", ".venv-spark", "__pycache__"),
    *("warehouse", "landing", "target", "logs", "dbt_packages"),
}
INLINE_PYTHON = re.compile(r"(python[0-9.]*\"?|\$[({]PYTHON[)}])\s+(-[a-zA-Z]+\s+)*-[a-zA-Z]*c\b")
FILE_NAME = re.compile(r"\.(sql|py|yml|yaml|md|toml|csv|j2|html|lock|sh|cfg)$")
# patterns, and the company and source that worked examples are about
PLACEHOLDER = re.compile(r"[<>*{}$…\s]|\.\.\.|\b(acme|webshop|my_|example)|^orders\.csv$")
MADE_BY_A_RUN = ("warehouse/", "landing/", "published/", "site/", "build/", "books/", "target/")
EQUATION = re.compile(r"service quality\)? */ *\(?price *\+ *hassle", re.IGNORECASE)
SWITCHES = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "GX_ANALYTICS_ENABLED": "false",
}


def files(root: Path, *suffixes: str) -> Iterator[Path]:
    """The project's own text files with one of the endings, in order."""
    for path in sorted(root.rglob("*")):
        if not _is_outside(path, root) and path.is_file() and path.name.endswith(suffixes):
            yield path


def _is_outside(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return bool(OUTSIDE.intersection(parts)) or any(p.endswith(".egg-info") for p in parts)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def no_inline_python(root: Path) -> list[str]:
    """The Makefile and CI call scripts and entry points; a program on one line has no test."""
    faults = []
    for name in ("Makefile", ".ci/run"):
        path = root / name
        for number, line in enumerate(_text(path).splitlines() if path.exists() else [], start=1):
            if INLINE_PYTHON.search(line.split("##")[0]):
                faults.append(f"{name}:{number}: a Python program on the command line")
    return faults


def docs_name_only_files_that_exist(root: Path) -> list[str]:
    """A path or make target that a page names is there."""
    makefile = _text(root / "Makefile") if (root / "Makefile").exists() else ""
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    names = ["/" + str(p.relative_to(root)) for p in root.rglob("*") if not _is_outside(p, root)]
    faults = []
    for page in files(root, ".md"):
        shown = page.relative_to(root)
        text = re.sub(r"^```.*?^```", "", _text(page), flags=re.DOTALL | re.MULTILINE)
        for quoted in re.findall(r"`([^`\n]+)`", text):
            if quoted.startswith("make "):
                target = quoted.split()[1]
                if re.fullmatch(r"[a-z-]+", target) and target not in targets:
                    faults.append(f"{shown}: `{quoted}` is no target of the Makefile")
            elif (path := _path_named(quoted)) and not _is_there(path, page, root, names):
                faults.append(f"{shown}: {path} does not exist")
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            if not (page.parent / link).exists():
                faults.append(f"{shown}: the link to {link} leads nowhere")
    return faults


def _path_named(quoted: str) -> str | None:
    """The path in a piece of code, None where it is a pattern, an example or no path."""
    if PLACEHOLDER.search(quoted) or quoted.startswith((*MADE_BY_A_RUN, "http", "/", "~")):
        return None
    if quoted.endswith("/") and "/" in quoted.rstrip("/"):
        return quoted
    return quoted if FILE_NAME.search(quoted) else None


def _is_there(path: str, page: Path, root: Path, names: list[str]) -> bool:
    """From the root, from the page, or as the end of a path of the tree."""
    end = "/" + path.rstrip("/")
    return (
        (root / path).exists()
        or (page.parent / path).exists()
        or any(name.endswith(end) for name in names)
    )


def equation_carries_its_attribution(root: Path) -> list[str]:
    """Wherever the value equation is shown, smith+co (Shaun Smith) is named on the same page."""
    faults = []
    for path in files(root, ".md", ".yml", ".j2", ".html", ".sql", ".py"):
        if path.is_relative_to(root / "tests"):
            continue
        text = " ".join(_text(path).split())
        if not EQUATION.search(text) or ("smith+co" in text and "Shaun Smith" in text):
            continue
        # a page of the site gets it from the template it extends
        base = re.search(r"{% extends \"([^\"]+)\"", text)
        if not base or "{{ attribution }}" not in _text(path.parent / base.group(1)):
            faults.append(f"{path.relative_to(root)}: shows the value equation without attribution")
    return faults


def usage_statistics_are_off(root: Path) -> list[str]:
    """dbt, Dagster, Great Expectations and whoever heeds DO_NOT_TRACK are told to send nothing."""
    faults = []
    flags = (yaml.safe_load(_text(root / "dbt_project.yml")) or {}).get("flags") or {}
    if flags.get("send_anonymous_usage_stats") is not False:
        faults.append("dbt_project.yml: flags.send_anonymous_usage_stats is not false")
    instance = yaml.safe_load(_text(root / "orchestration/dagster.yaml")) or {}
    if (instance.get("telemetry") or {}).get("enabled") is not False:
        faults.append("orchestration/dagster.yaml: telemetry.enabled is not false")
    exported = dict(re.findall(r"^export (\w+) *= *(\S+)", _text(root / "Makefile"), re.MULTILINE))
    for name, value in SWITCHES.items():
        if exported.get(name) != value:
            faults.append(f"Makefile: does not export {name}={value}")
    return faults


def lock_files_are_complete_and_name_no_host(root: Path) -> list[str]:
    """Every requirement is pinned with hashes, none names an index, and none of ours is missing."""
    project = tomllib.loads(_text(root / "pyproject.toml"))
    groups = project.get("dependency-groups", {})
    wanted = project["project"]["dependencies"] + groups.get("dev", [])
    faults = _faults_of_a_lock(root / "requirements.lock", wanted)
    if "spark" in groups:
        faults += _faults_of_a_lock(root / "requirements-spark.lock", wanted + groups["spark"])
    return faults


def _faults_of_a_lock(lock: Path, wanted: list[str]) -> list[str]:
    if not lock.exists():
        return [f"{lock.name}: not there"]
    faults = []
    text = _text(lock)
    if found := re.search(r"https?://\S+|--(extra-)?index-url|--find-links|--trusted-host", text):
        faults.append(f"{lock.name}: names a host or an index ({found.group(0)})")
    pinned = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", " ")):
        if not re.match(r"[A-Za-z0-9]", entry):
            continue
        name = re.match(r"[A-Za-z0-9._-]+", entry).group(0)
        pinned[_canonical(name)] = entry
        if not re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==\S+", entry):
            faults.append(f"{lock.name}: {name} is not pinned to one version")
        if "--hash=sha256:" not in entry:
            faults.append(f"{lock.name}: {name} has no hash")
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", requirement).group(0)
        if _canonical(name) not in pinned:
            faults.append(f"{lock.name}: lacks {name}")
    return faults


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def yaml_files_are_named_after_their_folder(root: Path) -> list[str]:
    """A model's YAML is found by its name: _<folder>__models.yml, and no bare schema.yml."""
    return [
        f"{path.relative_to(root)}: a YAML file of models starts with an underscore"
        for path in files(root / "models", ".yml", ".yaml")
        if not path.name.startswith("_")
    ]


def every_test_file_is_run(root: Path) -> list[str]:
    """A test is neither skipped for good nor outside the folders that pytest runs."""
    faults = []
    for path in files(root / "tests", ".py"):
        # these files speak of disabled tests
        if path.parent == root / "tests/project":
            continue
        if re.search(r"@pytest\.mark\.skip\b(?!if)|pytest\.skip\(allow_module", _text(path)):
            faults.append(f"{path.relative_to(root)}: a disabled test")
        if path.name.startswith("test_") and path.parent == root / "tests":
            faults.append(f"{path.relative_to(root)}: lies in no folder of tests")
    return faults
