"""Where data lies while a benchmark runs: S3 over a folder, and how much disk a home takes."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.local.objects import Keys, Objects, wait_until_there

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Disk(threading.Thread):
    """Looks at what a home holds until it is told to stop."""

    def __init__(self, home: Path, originals: set[int]) -> None:
        super().__init__(daemon=True)
        self._home, self._originals, self._over = home, originals, threading.Event()
        self._before, self._most = self._held(), 0
        self.start()

    def _held(self) -> int:
        found: dict[int, int] = {}
        for folder, _, names in os.walk(self._home):
            for name in names:
                try:
                    seen = os.lstat(f"{folder}/{name}")
                except FileNotFoundError:
                    continue
                if seen.st_ino not in self._originals:
                    found[seen.st_ino] = seen.st_blocks * 512
        return sum(found.values())

    def run(self) -> None:
        while not self._over.wait(0.03):
            self._most = max(self._most, self._held() - self._before)

    def stop(self) -> float:
        """How much more there was than at first, at most, in MB."""
        self._over.set()
        self.join()
        return self._most / 1e6


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of rclone over a folder of buckets, which the AWS settings name from then on."""
    keys = Keys.fresh()
    objects = Objects(folder, keys)
    objects.start()
    try:
        wait_until_there(objects.url)
        os.environ |= {
            "AWS_ENDPOINT_URL": objects.url, "AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
        yield objects.url
    finally:
        objects.close()
