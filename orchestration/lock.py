"""One writer at a time.

Belongs here: taking and naming the lock. Does not: what is done while it is held.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from orchestration.settings import LockedError, Settings


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold the warehouse for writing; the lock dies with the process, so a kill frees it.

    Raises:
        LockedError: another run holds it; the message names its process and start.
    """
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    holder = settings.warehouse / ".run.json"
    lock = FileLock(str(settings.warehouse / ".run.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = json.loads(holder.read_text()) if holder.exists() else {}
        raise LockedError(
            f"another run holds {settings.warehouse}: process {who.get('pid', 'unknown')}, "
            f"started {who.get('started_at', 'unknown')}; wait for it, or end it"
        ) from None
    try:
        holder.write_text(
            json.dumps({"pid": os.getpid(), "started_at": datetime.now(UTC).isoformat()})
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
