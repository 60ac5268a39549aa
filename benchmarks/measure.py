"""What a command costs: wall, CPU, peak memory, disk, with everything it started.

Belongs here: taking figures of a process tree on Linux. Does not: knowing what runs in it.
"""

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.25
# how long what a command left running may take to end by itself
GRACE_SECONDS = 30


@dataclass(frozen=True)
class Cost:
    """Seconds and bytes; None where it cannot be told apart."""

    wall: float
    cpu: float | None = None
    peak: int | None = None
    written: int | None = None
    left: int | None = None


def measure(command: Sequence[str], folder: Path, env: dict[str, str], log: Path) -> Cost:
    """Run a command to its end and say what it and all it started have cost.

    A command that daemonises (Spark's JVM does) is adopted and waited for, so its CPU counts.
    Memory is anonymous and file pages of the whole tree, shared memory once, the highest of
    readings a quarter of a second apart.

    Raises:
        RuntimeError: the command failed; the end of its log is in the message.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    written, cpu, start = _written(os.getpid()), _children_cpu(), time.perf_counter()
    peak, done = [0], threading.Event()
    with log.open("w", encoding="utf-8") as stream:
        child = subprocess.Popen(command, env=env, stdout=stream, stderr=subprocess.STDOUT)
        sampler = threading.Thread(target=_sample, args=(child.pid, peak, done), daemon=True)
        sampler.start()
        code = child.wait()
    wall = time.perf_counter() - start
    done.set()
    sampler.join()
    _reap()
    if code:
        tail = log.read_text(encoding="utf-8").splitlines()[-30:]
        raise RuntimeError(f"{' '.join(command)} ended with {code}\n" + "\n".join(tail))
    return Cost(
        wall,
        _children_cpu() - cpu,
        peak[0],
        _written(os.getpid()) - written,
        size_of(folder),
    )


@contextmanager
def stretch(costs: dict[str, Cost], name: str) -> Iterator[None]:
    """Measure a stretch of this very process; its peak is the highest since the stretch began."""
    Path("/proc/self/clear_refs").write_text("5")
    cpu, written, start = _own_cpu(), _written(os.getpid()), time.perf_counter()
    yield
    costs[name] = Cost(
        time.perf_counter() - start,
        _own_cpu() - cpu,
        _status(os.getpid()).get("VmHWM"),
        _written(os.getpid()) - written,
    )


def size_of(folder: Path) -> int:
    """Bytes below a folder; a file with several names counts once."""
    files = (p.lstat() for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return sum({(f.st_dev, f.st_ino): f.st_size for f in files}.values())


def _own_cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _written(pid: int) -> int:
    """Bytes sent to disk by a process and the children it has waited for."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(dict(line.split(": ") for line in text.splitlines())["write_bytes"])


def _status(pid: int) -> dict[str, int]:
    """The fields of /proc/<pid>/status that are sizes, in bytes."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {w[0].rstrip(":"): int(w[1]) * 1024 for w in lines if w[-1] == "kB"}


def _descendants(root: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(after_name[1])
    found, wave = [], {root}
    while wave:
        found.extend(wave)
        wave = {pid for pid, parent in parents.items() if parent in wave}
    return found


def _sample(root: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(POLL_SECONDS):
        own, shared = 0, 0
        # this process is the parent of whatever was orphaned
        for pid in set(_descendants(os.getpid())) - {os.getpid()}:
            try:
                status = _status(pid)
            except OSError:
                continue
            own += status.get("RssAnon", 0) + status.get("RssFile", 0)
            shared = max(shared, status.get("RssShmem", 0))
        peak[0] = max(peak[0], own + shared)


def _reap() -> None:
    """Wait for what the command left running; end it when it does not end by itself."""
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > deadline:
                for left in set(_descendants(os.getpid())) - {os.getpid()}:
                    os.kill(left, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.1)
