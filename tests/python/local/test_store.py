"""A thread keeps its connection to the store: it must notice when that is not the one it needs any more."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from shardr.local.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def add(store: Store, name: str) -> None:
    assert store.add_job(name, "processing", {}, None, None)


def names(store: Store) -> list[str]:
    return [job.name for job in store.jobs()]


def test_a_store_that_was_removed_is_made_anew_and_not_written_to_where_nobody_looks(tmp_path: Path) -> None:
    store = Store(tmp_path / "home" / "jobs.sqlite")
    add(store, "old")
    shutil.rmtree(tmp_path / "home")
    assert names(store) == []
    add(store, "new")
    assert names(Store(tmp_path / "home" / "jobs.sqlite")) == ["new"]


def test_a_fork_has_a_connection_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    add(store, "parent")
    pid = os.fork()
    if pid == 0:
        try:
            add(store, "child")
        finally:
            os._exit(0 if names(store) == ["parent", "child"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert names(store) == ["parent", "child"]
    add(store, "parent again")


def test_what_fails_in_the_middle_leaves_nothing_locked(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    add(store, "one")

    def broken(_: object) -> list[dict[str, str]]:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        store.change_tags("arn", [], broken)
    other = threading.Thread(target=add, args=(store, "two"))
    other.start()
    other.join(5)
    assert names(store) == ["one", "two"]
