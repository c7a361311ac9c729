"""Instances that would do the same work twice: told before they are paid for."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardr.spec.processing import ProcessingStep
    from shardr.spec.training import TrainingStep

SHARES = (b"resourceconfig", b"shard_rows", b"shard_groups", b"SM_CURRENT_HOST", b"SM_HOSTS", b"shard(", b"hosts(")
"""What a script has in it that knows which instance it is."""


def repeated_work(step: ProcessingStep | TrainingStep, code: bytes | None) -> str | None:
    """What to say of a step whose instances all get all data and do not seem to share it out; None when it is well.

    ``code`` is the script; None: a program of the image's own, which divides nothing by itself either.
    """
    if step.instance_count == 1 or not step.channels:
        return None
    if any(channel.distribution != "FullyReplicated" for channel in step.channels):
        return None
    if code is not None and any(word in code for word in SHARES):
        return None
    if code is None and step.type != "training":
        return None  # what a container of the user's does with its place is its own affair
    who = PurePosixPath(step.code).name if step.code else "the image's program"
    return (
        f"{step.name}: all {step.instance_count} instances get all of the data, and {who} does not look which of them "
        f"it is: {step.instance_count} times the bill for the same work. Set distribution: ShardedByS3Key on the input "
        "to be divided, or let the script take its share (shard_rows)"
    )
