"""Finds the clusters of the channel ``train``, of all hosts together where there are several."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from artifact import MODEL, packed
from batches import Batches
from hyperparameters import read
from job import Job, end_when_stopped, expect_train, run
from lloyd import reduced
from nearest import assigned
from ordered import ordered
from place import UserError, config, opt_ml, say, write
from rows import channel
from stream import Stream
from together import Together, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from recordio import Rows

    Epoch = Callable[[int], Iterable[Callable[[], Rows]]]


def train() -> int:
    """Does the job; the exit status of the program."""
    end_when_stopped()
    together = Together(_joined)
    return run(lambda job: _train(job, together), together.decided_by)


def _train(job: Job, together: Together) -> None:
    channels = config("inputdataconfig.json")
    settings = read(config("hyperparameters.json"))
    expect_train(channels, "K-means")
    width = settings["feature_dim"]

    def epoch(number: int) -> Iterator[Callable[[], Rows]]:
        return channel("train", channels["train"], width, "K-means", number)

    found = streamed(epoch, settings, job.hosts.index(job.host), job.host)
    say(f"{job.host}: {found['count']} rows of train")
    job.agree(report(found, settings))
    if job.host == job.hosts[0]:
        points, weights, rows = together.found
        say(f"shrinking {len(points)} centers into {settings['k']}")
        centres, loss = reduced(points, weights, settings)
        model = centres.astype(np.float32)
        write(opt_ml("model", MODEL), packed({"centres": model}, named=False))
        _say_quality(job.host, "train", loss / weights.sum(), rows, settings)
        if "test" in channels:
            mean, rows = _score(model, channel("test", channels["test"], width, "K-means"))
            _say_quality(job.host, "test", mean, rows, settings)


def streamed(epoch: Epoch, settings: Mapping[str, Any], host: int, name: str) -> dict[str, Any]:
    """The centres that a host's rows lead to, more than ``k``, with their weights, and the number of the rows."""
    batches = Batches(settings["mini_batch_size"], settings["feature_dim"])
    stream = Stream(settings, (host,))
    rows = 0
    for number in range(settings["epochs"]):
        begin, rows = time.monotonic(), 0
        for batch in batches.of(ordered(_table, epoch(number))):
            stream.learn(batch)
            rows += len(batch)
        stream.begin()
        say(f"#progress_metric: host={name}, completed {100 * (number + 1) / settings['epochs']:g} % of epochs")
        rate = rows / max(time.monotonic() - begin, 1e-9)
        say(f"#throughput_metric: host={name}, train throughput={rate:.6g} records/second")
    if not rows:
        return {"centres": np.zeros((0, settings["feature_dim"])), "weights": np.zeros(0), "count": 0}
    met = stream.weights > 0
    return {"centres": stream.centres[met] + batches.origin, "weights": stream.weights[met], "count": rows}


def _table(_: int, piece: Callable[[], Rows]) -> Any:
    """The rows of a piece; raises ``UserError`` for a value that is no finite number, or too large to be squared."""
    rows = piece()
    table = rows.dense(np.float32)
    flat = table.ravel()
    squares = flat @ flat
    rows.finite(table, squares)
    if not np.isfinite(squares):
        at = f"{rows.where} {rows.first} and after it"
        raise UserError(f"{at}: values are too large to be squared; scale the columns")
    return table


def _joined(parts: list[dict[str, Any]], settings: dict[str, Any]) -> tuple[Any, Any, int]:
    """The centres of all hosts, their weights, and the number of all rows."""
    rows = sum(int(part["count"]) for part in parts)
    if rows < settings["k"]:
        raise UserError(f"k: {settings['k']} clusters need as many rows, and the channel train has {rows}")
    return *(np.concatenate([part[name] for part in parts]) for name in ("centres", "weights")), rows


def _score(centres: Any, pieces: Iterator[Callable[[], Rows]]) -> tuple[float, int]:
    """The mean square of how far rows are from the nearest centre, and how many rows there are."""

    def loss(number: int, piece: Callable[[], Rows]) -> tuple[float, int]:
        table = _table(number, piece)
        return float(assigned(table, centres)[1].sum()), len(table)

    scores = list(ordered(loss, pieces))
    rows = sum(count for _, count in scores)
    return sum(one for one, _ in scores) / max(rows, 1), rows


def _say_quality(host: str, channel: str, mean: float, rows: int, settings: Mapping[str, Any]) -> None:
    """The metrics that were asked for, in the service's words, which its definitions of metrics look for."""
    values = {"msd": mean, "ssd": mean * rows}
    for metric in settings["eval_metrics"] if rows else ():
        say(f"#quality_metric: host={host}, {channel} {metric} <loss>={values[metric]:.9g}")
