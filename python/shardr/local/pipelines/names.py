"""Names of pipelines, their executions and the jobs of these, as the service makes them."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING

from shardr.local.contract import NAME_CHARACTERS

if TYPE_CHECKING:
    from shardr.local.account import Account

ID_CHARACTERS = 12
RANDOM_CHARACTERS = 10


def pipeline_arn(account: Account, name: str) -> str:
    """The name of a pipeline in full."""
    return f"arn:aws:sagemaker:{account.region}:{account.id}:pipeline/{name}"


def new_execution_arn(account: Account, pipeline: str) -> str:
    """A name that no execution has yet."""
    return f"{pipeline_arn(account, pipeline)}/execution/{_random(ID_CHARACTERS)}"


def pipeline_of(execution: str) -> str:
    """The ARN of the pipeline of an execution."""
    return execution.partition("/execution/")[0]


def is_execution(owner: str) -> bool:
    """Whether the owner of a job is an execution, not a run."""
    return owner.startswith("arn:") and "/execution/" in owner


def may_be_execution(id: str) -> bool:
    """Whether people may mean an execution by this id: ``pipeline/execution``, the ARN, or the execution alone."""
    return "/" in id or len(id) == ID_CHARACTERS


def new_job_name(execution: str, step: str, prefix: str | None = None) -> str:
    """A name for a further job of a step, within the length that the service takes.

    ``pipelines-<execution>-<step>-<random>``; the first part is what the step asks for, if it does.
    """
    head = f"{prefix}-" if prefix else f"pipelines-{execution.rpartition('/')[2]}-"
    ending = f"-{_random(RANDOM_CHARACTERS)}"
    plain = re.sub(r"[^A-Za-z0-9-]", "-", head + step)
    return plain[: NAME_CHARACTERS - len(ending)].rstrip("-") + ending


def _random(characters: int) -> str:
    return base64.b32encode(os.urandom(characters)).decode().lower()[:characters]
