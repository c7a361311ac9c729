"""Jobs and the processes that own them, where only many at once show what goes wrong."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

from shardr.local import jobs


def test_threads_that_wait_for_jobs_do_not_disturb_each_other() -> None:
    """One lets go of a process that another is about to watch."""

    def wait() -> bool:
        while jobs._started:
            jobs.nap(0.001)
        return True

    jobs._started += [subprocess.Popen(["sleep", f"{i / 200}"]) for i in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert all(future.result() for future in [pool.submit(wait) for _ in range(8)])
