"""Finds the clusters of the channel ``train``, of all hosts together where there are several."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from artifact import MODEL, packed
from batches import Batches
from hyperparameters import read
from job import Job, end_when_stopped, expect_train, run
from lloyd import reduced
from ordered import ordered
from place import UserError, config, opt_ml, say, write
from quality import estimated, say_quality, scored
from rows import channel
from sample import Sample, room
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

    host = job.hosts.index(job.host)
    sample = Sample(room(width, len(job.hosts)), width, (host, 0, 1))
    found = streamed(epoch, settings, host, job.host, sample)
    say(f"{job.host}: {found['count']} rows of train")
    job.agree(report(found, settings))
    if job.host == job.hosts[0]:
        points, weights, kept = together.found
        say(f"shrinking {len(points)} centers into {settings['k']}")
        centres, loss = reduced(points, weights, settings)
        say(f"finished shrinking process. Mean Square Distance = {loss / weights.sum():.9g}")
        model = centres.astype(np.float32)
        write(opt_ml("model", MODEL), packed({"centres": model}, named=False))
        say_quality(job.host, "train", *estimated(model, kept), settings["eval_metrics"])
        if "test" in channels:
            tables = (partial(_table, 0, piece) for piece in channel("test", channels["test"], width, "K-means"))
            say_quality(job.host, "test", *scored(model, tables), settings["eval_metrics"])


def streamed(epoch: Epoch, settings: Mapping[str, Any], host: int, name: str, sample: Sample) -> dict[str, Any]:
    """The centres that a host's rows lead to, more than ``k``, with their weights, and the number of the rows.

    The last epoch leaves some of the rows in the sample.
    """
    batches = Batches(settings["mini_batch_size"], settings["feature_dim"])
    stream = Stream(settings, (host,))
    rows = 0
    for number in range(settings["epochs"]):
        begin, rows = time.monotonic(), 0
        tables = ordered(_table, epoch(number))
        for batch in batches.of(sample.of(tables) if number == settings["epochs"] - 1 else tables):
            stream.learn(batch)
            rows += len(batch)
        stream.begin()
        say(f"#progress_metric: host={name}, completed {100 * (number + 1) / settings['epochs']:g} % of epochs")
        rate = rows / max(time.monotonic() - begin, 1e-9)
        say(f"#throughput_metric: host={name}, train throughput={rate:.6g} records/second")
    kept = {"sample": sample.rows, "count": rows}
    if not rows:
        return {"centres": np.zeros((0, settings["feature_dim"])), "weights": np.zeros(0), **kept}
    met = stream.weights > 0
    return {"centres": stream.centres[met] + batches.origin, "weights": stream.weights[met], **kept}


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


def _joined(parts: list[dict[str, Any]], settings: dict[str, Any]) -> tuple[Any, Any, list[tuple[Any, int]]]:
    """The centres of all hosts, their weights, and of each host the sample and the number of its rows."""
    rows = sum(int(part["count"]) for part in parts)
    if rows < settings["k"]:
        raise UserError(f"k: {settings['k']} clusters need as many rows, and the channel train has {rows}")
    kept = [(part["sample"], int(part["count"])) for part in parts]
    return *(np.concatenate([part[name] for part in parts]) for name in ("centres", "weights")), kept
