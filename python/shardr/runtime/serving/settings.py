"""What the environment says about serving; the same names in R: ``serving-workers.R``."""

from __future__ import annotations

import os
from pathlib import Path

from shardr.errors import DataError

PAGE = os.sysconf("SC_PAGE_SIZE")
STOP_SECONDS = 28
"""For what runs when the server is stopped; the service gives 30."""


def setting(names: tuple[str, ...], default: float, least: float = 1) -> float:
    """The first of the variables that is set."""
    for name in names:
        if text := os.environ.get(name):
            if not text.replace(".", "", 1).isdecimal() or float(text) < least:
                raise DataError(f'{name}: expected a number of at least {least:g}, found "{text}"')
            return float(text)
    return default


def workers() -> int:
    """How many predictions run at a time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(setting(("SHARDR_WORKERS", "SAGEMAKER_MODEL_SERVER_WORKERS"), cores))


def queue() -> int:
    """How many requests may wait for a worker."""
    return int(setting(("SHARDR_QUEUE",), 64))


def seconds() -> float:
    """Longest time for one answer; by default as long as a batch transform may wait for one."""
    return setting(("SAGEMAKER_MODEL_SERVER_TIMEOUT",), 3600, 0.1)


def address() -> tuple[str, int]:
    """Where to listen: everywhere in a container, which is reached from outside; for this machine alone elsewhere."""
    everywhere = "127.0.0.1" if os.environ.get("SHARDR_BASE_DIR") else "0.0.0.0"  # noqa: S104
    host = os.environ.get("SHARDR_BIND_HOST") or everywhere
    return host, int(setting(("SAGEMAKER_BIND_TO_PORT",), 8080, 0))


def growth_limit_mb() -> float:
    """How many MB a worker may grow by: without a setting, all of them together by half of what there is."""
    total = float(PAGE * os.sysconf("SC_PHYS_PAGES"))
    for path in map(Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        text = path.read_text(encoding="ascii").strip() if path.exists() else ""
        total = min(total, float(text)) if text.isdecimal() else total
    return setting(("SHARDR_WORKER_MEMORY_MB",), total / 2 / workers() / 2**20)


def resident_mb() -> float:
    """Memory of this process; 0 where the system does not tell."""
    path = Path("/proc/self/statm")
    return int(path.read_text(encoding="ascii").split()[1]) * PAGE / 2**20 if path.exists() else 0
