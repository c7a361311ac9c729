"""Trains on the channels of this host, together with the other hosts where there are several."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import records
from boosting import FORMAT, MODEL, Checkpoints, Rounds, Stop, boosted, latest
from hyperparameters import Hyperparameters, read
from job import STOPPED, Job, expect_train, run
from place import UserError, config, inside, opt_ml, say, write
from xgboost import collective
from xgboost.core import XGBoostError
from xgboost.tracker import RabitTracker

if TYPE_CHECKING:
    from xgboost.callback import TrainingCallback

VERDICT_SECONDS = 15
"""How long to wait for the name of the host that died when XGBoost only knows that one did."""


def train() -> int:
    """Does the job; the exit status of the program."""
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: _stopped(stop))
    return run(lambda job: _train(job, stop), _Decision, _reason)


def _reason(error: Exception, job: Job) -> str | None:
    """XGBoost's reason without the place in its sources and its stack."""
    if not isinstance(error, XGBoostError):
        return None
    if job.member and "/collective/" in str(error):  # the name of the host that died comes by the line to the first
        time.sleep(VERDICT_SECONDS)
    first = str(error).strip().splitlines()[0]
    return "XGBoost: " + re.sub(r"^\[[\d:]+\] \S+:\d+: (Check failed: [^:]*: )?", "", first)


def _stopped(stop: Stop) -> None:
    """The job is to end: with the model so far where that was asked for, else at once."""
    stop.asked = True
    if not stop.saves:
        os._exit(STOPPED)


def _train(job: Job, stop: Stop) -> None:
    channels = config("inputdataconfig.json")
    host, size = job.host, len(job.hosts)
    settings = read(config("hyperparameters.json"), size, validation="validation" in channels)
    stop.saves = settings["save_model_on_termination"] == "true"
    expect_train(channels, "XGBoost")
    data, validation = (_channel(name, channels, settings) for name in ("train", "validation"))
    report = {"rows": _rows(data), "columns": data.shape[1] if data else 0, "width": _width(data)}
    report["validation"] = _rows(validation) if "validation" in channels else None
    decision = job.agree(report)
    if host in decision["training"]:
        together = _together(host, decision["training"], decision["tracker"])
        matrices = [found.matrix(decision["columns"]) if found else None for found in (data, validation)]
        with together:
            _boost(settings, *matrices, first=host == decision["training"][0], stop=stop)
    else:
        say(f"{host} has no rows of each channel, as SageMaker's container wants it: it takes no part and leaves")


def _boost(settings: Hyperparameters, data: Any, validation: Any, *, first: bool, stop: Stop) -> None:
    """Trains; the first of the hosts keeps the checkpoints and the model, which is the same on all."""
    kept = config("checkpointconfig.json").get("LocalPath")
    begun = latest(inside(kept)) if kept and first else (b"", 0)
    if kept and collective.is_distributed():
        begun = collective.broadcast(begun, 0)
    before = begun[1]
    callbacks: list[TrainingCallback] = []
    if first:
        if before:
            say(f"goes on after {before} rounds of a checkpoint")
        callbacks = [Rounds(before), *([Checkpoints(inside(kept), before)] if kept else [])]
    model = boosted(settings, data, validation, callbacks=callbacks, stop=stop, begun=begun)
    if first:
        write(opt_ml("model", MODEL), bytes(model.save_raw(FORMAT)))


class _Decision:
    """Which hosts train, once it is known what each of them has."""

    def __init__(self, hosts: list[str]) -> None:
        self._hosts = hosts
        self._tracker: RabitTracker | None = None  # it ends with whoever holds it

    def __call__(self, reports: dict[str, Any]) -> dict[str, Any]:
        rows = {host: reports[host]["rows"] for host in self._hosts}
        training = [host for host in self._hosts if rows[host] and reports[host]["validation"] != 0]
        if not any(rows.values()):
            raise UserError("the channel train has no rows" + (" on any host" if len(rows) > 1 else ""))
        for host in self._hosts:
            if rows[host] and host not in training:
                why = "the channel validation has none for it, and SageMaker's container leaves such a host out"
                say(f"warning: {rows[host]} rows of train on {host} are not learned from: {why}")
        if not training:
            raise UserError("the channel validation has no rows")
        widths = {reports[host]["width"]: host for host in reversed(training) if reports[host]["width"]}
        if len(widths) > 1:
            told = " and ".join(f"{width} on {host}" for width, host in sorted(widths.items()))
            raise UserError(f"the rows of train have not the same number of features on all hosts: {told}")
        columns = max(reports[host]["columns"] for host in training)
        return {"training": training, "columns": columns, "tracker": self._start(len(training))}

    def _start(self, workers: int) -> dict[str, Any] | None:
        if workers == 1:
            return None
        # by task: the place among the hosts is the rank, so the model is the same each time
        self._tracker = RabitTracker(workers, self._hosts[0], sortby="task")
        self._tracker.start()
        return self._tracker.worker_args()


def _together(host: str, training: list[str], tracker: dict[str, Any] | None) -> AbstractContextManager[Any]:
    """The line between those who train, while it lasts."""
    if tracker is None:
        return nullcontext()
    # A day: a host may load its rows for long; who has died is known by the roll call.
    return collective.CommunicatorContext(
        **tracker, dmlc_task_id=f"{training.index(host):06d}", dmlc_timeout=24 * 60 * 60
    )


def _channel(name: str, channels: dict[str, Any], settings: Hyperparameters) -> records.Records | None:
    if name not in channels:
        return None
    about = channels[name]
    if about.get("TrainingInputMode", "File") == "Pipe":
        raise UserError(f"the channel {name} is piped, which is not taken here; take File or FastFile")
    return records.channel(name, about.get("ContentType"), weights=settings["csv_weights"] == 1)


def _rows(found: records.Records | None) -> int:
    return found.shape[0] if found else 0


def _width(found: records.Records | None) -> int | None:
    """Features of a row where all rows must have as many."""
    return found.width if found else None
