"""The life of one endpoint: a process that starts its instances, keeps them, and ends them.

It outlives whoever made the endpoint, as the supervisor of a job does. What it is to do stands in the store, and
SIGUSR1 says that it should look there.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.local.contract import failure_reason
from shardr.local.endpoints import lives
from shardr.local.endpoints.care import ENDED, HEALTHY, Cared
from shardr.local.endpoints.store import CREATING, DELETING, FAILED, IN_SERVICE, Endpoints, Opening
from shardr.local.home import Home

if TYPE_CHECKING:
    from shardr.local.endpoints.plan import EndpointPlan, Variant
    from shardr.local.endpoints.store import EndpointRow

LOOK_SECONDS = 1.0
STEADY_SECONDS = 60.0
"""An instance that was well for so long is started again as if it had never ended before."""
DRAIN_SECONDS = 5.0
"""How long instances that an update replaces go on, for the requests that they have."""
MOST_STARTS = 4
"""Of one variant, when its instances end one after the other."""


class Keeper:
    """Owns an endpoint."""

    def __init__(self, home: Home, name: str, wakes: queue.SimpleQueue[bool]) -> None:
        self._home, self._name, self._wakes = home, name, wakes
        self._store = Endpoints(home.store)
        self._standing: list[Cared] = []
        """Instances of the plan that is in service; some may be starting anew."""
        self._coming: list[Cared] = []
        """Those that a new plan still needs."""
        self._draining: list[tuple[float, Cared]] = []
        """Those that nobody finds any more, and when each is to end."""
        self._leaving: list[Cared] = []
        self._plan: EndpointPlan | None = None
        self._next: EndpointPlan | None = None
        self._starts: dict[str, int] = {}
        self._serial = 0
        self._told: list[Opening] = []

    def run(self) -> None:
        """Goes on until the endpoint is deleted, has failed, is too old, or its home is gone."""
        while (row := self._row()) is not None:
            if row.status == DELETING or time.time() >= row.expires:
                self._end(row)
                return
            reason = self._tend(row) or self._told_to_end()
            if reason is not None:
                self._fail(row, reason)
                return
        self._stop()  # all is gone, or it was removed by somebody else

    def _row(self) -> EndpointRow | None:
        """The endpoint as it stands; to look into a store that is gone would make it anew."""
        return self._store.find(self._name) if self._home.store.exists() else None

    def _tend(self, row: EndpointRow) -> str | None:
        """Takes the endpoint a step further; why it has failed, if it has."""
        if self._next is None and (row.status == CREATING or row.wanted is not None):
            self._begin(row.wanted or row.plan)
        if self._next is not None:
            lost = next((cared for cared in self._coming if cared.state == ENDED), None)
            if lost is not None and self._plan is None:
                return f"{lost.variant.name}: {lost.reason}"
            if lost is not None:
                self._roll_back(f"{lost.variant.name}: {lost.reason}")
            elif all(cared.state == HEALTHY for cared in self._coming):
                self._arrive()
        for cared in [cared for cared in self._standing if cared.state == ENDED]:
            self._standing.remove(cared)
            reason = self._again(cared)
            if reason is not None:
                return reason
        self._open([self._opening(cared) for cared in self._standing if cared.state == HEALTHY and cared.door])
        drained = [cared for end, cared in self._draining if time.monotonic() >= end]
        self._draining = [(end, cared) for end, cared in self._draining if cared not in drained]
        self._leave(drained)
        self._leaving = [cared for cared in self._leaving if cared.state != ENDED]
        return None

    def _told_to_end(self) -> str | None:
        """Waits until there may be something to do; that this process is told to end is a failure."""
        try:
            return None if self._wakes.get(timeout=LOOK_SECONDS) else "the process that keeps it was told to end"
        except queue.Empty:
            return None

    def _begin(self, plan: EndpointPlan) -> None:
        """Starts what a plan needs and is not there."""
        self._next = plan
        for variant in plan.variants:
            there = sum(1 for cared in self._standing if variant.alike(cared.variant))
            self._coming += [self._new(variant) for _ in range(variant.count - there)]

    def _arrive(self) -> None:
        """All that a plan needs is there: it is in service, and what it does not need may go."""
        assert self._next is not None  # noqa: S101 - for the type checker
        plan, coming = self._next, self._coming
        staying: list[Cared] = []
        for variant in plan.variants:
            fresh = [cared for cared in coming if cared.variant is variant]
            old = [cared for cared in self._standing if variant.alike(cared.variant)][: variant.count - len(fresh)]
            for cared in old:
                cared.variant = variant
            staying += old + fresh
        surplus = [cared for cared in self._standing if cared not in staying]
        self._standing, self._coming, self._plan, self._next = staying, [], plan, None
        self._starts.clear()
        self._open([self._opening(cared) for cared in staying if cared.state == HEALTHY and cared.door])
        self._store.settle(self._name, IN_SERVICE, plan)
        end = time.monotonic() + DRAIN_SECONDS
        self._draining += [(end, cared) for cared in surplus]

    def _roll_back(self, reason: str) -> None:
        """An update that failed changes nothing."""
        assert self._plan is not None  # noqa: S101 - for the type checker
        self._leave(self._coming)
        self._coming, self._next = [], None
        self._store.settle(self._name, IN_SERVICE, self._plan, failure_reason(reason))

    def _again(self, cared: Cared) -> str | None:
        """Starts an instance anew; why not, when that was done too often."""
        name = cared.variant.name
        self._starts[name] = 1 if cared.lived() > STEADY_SECONDS else self._starts.get(name, 1) + 1
        if self._starts[name] > MOST_STARTS:
            return f"{name}: was started {MOST_STARTS} times, and ended each time: {cared.reason}"
        self._standing.append(self._new(cared.variant))
        return None

    def _new(self, variant: Variant) -> Cared:
        self._serial += 1
        return Cared(self._home, self._name, self._serial, variant, lambda: self._wakes.put(True))

    def _opening(self, cared: Cared) -> Opening:
        assert cared.door is not None  # noqa: S101 - for the type checker
        return Opening(cared.variant.name, cared.serial, cared.door)

    def _open(self, doors: list[Opening]) -> None:
        if doors != self._told:
            self._store.open(self._name, doors)
            self._told = doors

    def _leave(self, gone: list[Cared]) -> None:
        for cared in gone:
            cared.end()
        self._leaving += gone

    def _stop(self) -> None:
        """Ends all instances."""
        self._leave([*self._standing, *self._coming, *(cared for _, cared in self._draining)])
        for cared in self._leaving:
            cared.join()
        self._standing, self._coming, self._draining, self._leaving = [], [], [], []

    def _fail(self, row: EndpointRow, reason: str) -> None:
        """Nobody finds its instances any more, they end, and it stays as Failed unless it was deleted meanwhile."""
        self._open([])
        self._stop()
        self._store.settle(self._name, FAILED, self._plan or row.plan, failure_reason(reason))
        if (now := self._row()) is not None and now.status == DELETING:
            self._end(now)

    def _end(self, row: EndpointRow) -> None:
        """Nobody finds it any more, its instances end, and what they had goes."""
        if row.status != DELETING:
            self._store.delete(self._name)
        self._open([])
        self._stop()
        lives.forget(self._home, self._name)


def main(root: str, name: str, lock: int) -> None:
    """Entry point of the detached process, which holds the endpoint's lock by the descriptor ``lock``."""
    home = Home(Path(root))
    wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
    signal.signal(signal.SIGUSR1, lambda *_: wakes.put(True))
    signal.signal(signal.SIGTERM, lambda *_: wakes.put(False))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    store = Endpoints(home.store)
    if not store.own(name, os.getpid()):
        sys.exit(f"there is no endpoint {name} in {root}")
    row = store.find(name)
    if row is not None and any(variant.machine.get("runner") == "docker" for variant in row.plan.variants):
        from shardr.local import undertaker

        undertaker.watch(home, lives.folder(home, name), lock, lambda: lives.bury(home, name))
    Keeper(home, name, wakes).run()
    os._exit(0)  # whoever waits for this process need not wait for the interpreter to tidy up
