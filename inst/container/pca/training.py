"""Finds the components of the channel ``train``, of all hosts together where there are several."""

from __future__ import annotations

import base64
import io
import os
import signal
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from artifact import MODEL, packed
from hyperparameters import read
from job import STOPPED, Job, expect_train, run
from moments import Moments, Sketch, signed
from place import UserError, config, opt_ml, say, write
from rows import channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recordio import Rows


def train() -> int:
    """Does the job; the exit status of the program."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(STOPPED))
    together = _Together()
    return run(lambda job: _train(job, together), together.decided_by)


def _train(job: Job, together: _Together) -> None:
    channels = config("inputdataconfig.json")
    settings = read(config("hyperparameters.json"))
    expect_train(channels, "PCA")
    width = settings["feature_dim"]
    found = summary(channel("train", channels["train"], width), settings, job.hosts.index(job.host))
    say(f"{job.host}: {found.count} rows of train")
    report = {"kept": _text(found), "settings": {name: str(value) for name, value in settings.items()}}
    job.agree(report)
    if job.host == job.hosts[0]:
        model = components(together.found, settings)
        write(opt_ml("model", MODEL), packed(model))
        values = model["s"]
        say(f"{together.found.count} rows; {len(values)} components; s from {values[0]:.6g} to {values[-1]:.6g}")
        if "test" in channels:
            _score(model, channels["test"], width)


def summary(pieces: Iterator[Callable[[], Rows]], settings: dict[str, Any], host: int) -> Any:
    """What is kept of the rows, made by as many threads as there are cores, and added up in the order of the pieces."""
    width = settings["feature_dim"]
    if settings["algorithm_mode"] == "regular":
        total: Any = Moments(0, np.zeros(width), np.zeros((width, width)))
    else:
        size = settings["num_components"] + settings["extra_components"]
        total = Sketch(0, np.zeros(width), np.zeros(size), np.zeros((size, width)))

    def kept(number: int, piece: Callable[[], Rows]) -> Any:
        return Moments.of(piece()) if isinstance(total, Moments) else Sketch.of(piece(), size, (host, number))

    for part in ordered(kept, pieces):
        total.add(part)
    return total


def ordered(work: Callable[[int, Any], Any], pieces: Iterator[Any]) -> Iterator[Any]:
    """What becomes of the pieces, in their order; no more are under way than two for each core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    waiting: deque[Any] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for number, piece in enumerate(pieces):
            waiting.append(pool.submit(work, number, piece))
            if len(waiting) > 2 * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def components(kept: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """The arrays of the model."""
    centred = settings["subtract_mean"]
    vectors, values = kept.components(settings["num_components"], centred=centred)
    mean = {"mean": kept.mean[None]} if centred else {}
    return {**mean, "v": signed(vectors), "s": values}


class _Together:
    """What all hosts have kept, on the first one."""

    found: Any

    def decided_by(self, hosts: list[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """What the first host does with the reports of all."""

        def decide(reports: dict[str, Any]) -> dict[str, Any]:
            self.found = _kept(reports[hosts[0]]["kept"])
            for host in hosts[1:]:
                if reports[host]["settings"] != reports[hosts[0]]["settings"]:
                    raise UserError(f"{host} and {hosts[0]} have not the same hyperparameters")
                self.found.add(_kept(reports[host].pop("kept")))
            if not self.found.count:
                raise UserError("the channel train has no rows" + (" on any host" if len(hosts) > 1 else ""))
            return {}

        return decide


def _text(kept: Any) -> str:
    """What a host has kept, as it goes over the line."""
    content = io.BytesIO()
    np.savez(content, kind=type(kept).__name__, **vars(kept))
    return base64.b64encode(content.getvalue()).decode("ascii")


def _kept(text: str) -> Any:
    arrays = dict(np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False))
    kind = {"Moments": Moments, "Sketch": Sketch}[str(arrays.pop("kind"))]
    return kind(**{name: array if array.ndim else int(array) for name, array in arrays.items()})


def _score(model: dict[str, Any], about: dict[str, Any], width: int) -> None:
    """How much of the rows of the channel ``test`` that this host has is not in the components."""
    mean, vectors = model.get("mean", 0), model["v"]

    def lost(_: int, piece: Callable[[], Rows]) -> tuple[int, float]:
        rows = piece()
        table = rows.dense(np.float64)
        table = rows.finite(table, table.sum()) - mean
        left = table - table @ vectors @ vectors.T
        return len(table), float(np.einsum("ij,ij->", left, left))

    scores = list(ordered(lost, channel("test", about, width)))
    if rows := sum(count for count, _ in scores):
        say(f"test rows: {rows}; test:reconstruction_error={sum(error for _, error in scores) / rows:.6g};")
