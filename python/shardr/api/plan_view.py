"""A plan as plain data: what ``shardr plan --json`` prints and what the R door reads."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from shardr.requests.facts import TRANSFORM, facts, model_facts
from shardr.requests.training import program

if TYPE_CHECKING:
    from shardr.engines.base import Plan, PlannedJob, PlannedStep, Spread

SHOWN_KEYS = 1000
"""How many keys of an instance are listed; ``objects`` counts them all."""


def plan_dict(plan: Plan, *, diff: bool = False) -> dict[str, Any]:
    """The plan as plain data: ``name``, ``run``, ``runner``, ``runner_reason``, ``notices``, ``calls`` and ``steps``.

    ``steps`` are in the order in which they run. ``calls`` are the operations that are sent, each with its request;
    empty where those are the steps' requests one by one. ``notices`` say what the engine does not do, for people.

    A step has ``needs``, ``jobs``, ``instance_count``, ``instance_type``, ``image``, ``entrypoint``, ``arguments``,
    ``hyperparameters`` (each with its ``value``, None where the script takes its default, and what the script declares
    of it), ``outputs``, ``shards`` and ``requests``. ``shards`` says for each input what each instance gets: the number
    of ``objects``, their ``bytes`` (None when there are too many to look at each) and the first 1,000 ``keys``. An
    input that an earlier step makes has no ``instances`` yet. A transform step ``asks`` a ``model`` of that name, which
    has an ``image`` and ``data`` and is made by a ``request`` (both None for one that is there already).

    With ``diff`` there is one more: the ``run`` that the plan is compared with, whether the requests ``changed``, the
    unified diff as ``text``, and the same as it is ``said`` to people.
    """
    return {
        "name": plan.name,
        "run": plan.run,
        "runner": plan.runner,
        "runner_reason": plan.runner_reason,
        "notices": plan.notices,
        "calls": plan.calls,
        "steps": [_step(step) for step in plan.steps],
        **({"diff": plan.diff().to_dict()} if diff else {}),
    }


def _step(step: PlannedStep) -> dict[str, Any]:
    request = step.jobs[0].request if step.jobs else {}
    about = facts(request)
    return {
        "name": step.name,
        "needs": step.needs,
        "jobs": [job.name for job in step.jobs],
        "instance_count": step.instance_count,
        "instance_type": about.instance_type or None,
        "image": (step.jobs[0].image if step.jobs else "") or None,
        "entrypoint": program(about.entrypoint or []),
        "arguments": about.arguments or [],
        "hyperparameters": step.hyperparameters,
        **({"asks": _asks(step.jobs[0])} if about.kind is TRANSFORM else {}),
        "outputs": [output.name for output in about.outputs],
        "shards": [_spread(spread) for spread in step.spreads],
        "requests": [job.request for job in step.jobs],
    }


def _asks(job: PlannedJob) -> dict[str, Any]:
    made = job.model
    return {
        "model": job.request["ModelName"],
        "image": job.image or None,
        "data": model_facts(made).data if made is not None else None,
        "request": made,
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "input": spread.input,
        "distribution": spread.distribution,
        "input_mode": spread.mode,
        "instances": [
            {
                "host": host,
                "objects": len(keys),
                "bytes": spread.bytes.get(host),
                "keys": list(islice(keys, SHOWN_KEYS)),
            }
            for host, keys in spread.keys.items()
        ],
    }
