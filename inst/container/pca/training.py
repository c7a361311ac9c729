"""Finds the components of the channel ``train``, of all hosts together where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from artifact import MODEL, packed
from hyperparameters import read
from job import Job, end_when_stopped, expect_train, run
from moments import Moments, Sketch, signed
from ordered import ordered
from place import config, opt_ml, say, write
from rows import channel
from together import Together, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recordio import Rows


def train() -> int:
    """Does the job; the exit status of the program."""
    end_when_stopped()
    together = Together(_sum)
    return run(lambda job: _train(job, together), together.decided_by)


def _train(job: Job, together: Together) -> None:
    channels = config("inputdataconfig.json")
    settings = read(config("hyperparameters.json"))
    expect_train(channels, "PCA")
    width = settings["feature_dim"]
    found = summary(channel("train", channels["train"], width, "PCA"), settings, job.hosts.index(job.host))
    say(f"{job.host}: {found.count} rows of train")
    job.agree(report({"kind": type(found).__name__, **vars(found)}, settings))
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


def components(kept: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """The arrays of the model, as SageMaker's PCA leaves them: ``mean`` (1 × d), ``v`` (d × k) and ``s`` (k).

    The components are in ascending order: the largest is the last column of ``v`` and has the last of ``s``, the
    singular values of the centred rows.
    """
    centred = settings["subtract_mean"]
    vectors, values = kept.components(settings["num_components"], centred=centred)
    mean = {"mean": kept.mean[None]} if centred else {}
    return {**mean, "v": signed(vectors), "s": values}


def _sum(parts: list[dict[str, Any]], _: dict[str, Any]) -> Any:
    """What all hosts have kept, of which each has sent the arrays."""
    total, *others = map(_kept, parts)
    for other in others:
        total.add(other)
    return total


def _kept(arrays: dict[str, Any]) -> Any:
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

    scores = list(ordered(lost, channel("test", about, width, "PCA")))
    if rows := sum(count for count, _ in scores):
        say(f"test rows: {rows}; test:reconstruction_error={sum(error for _, error in scores) / rows:.6g};")
