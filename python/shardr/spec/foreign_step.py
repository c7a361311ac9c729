"""Steps that are given objects of the SageMaker SDK: its processor and its network, as the fields of a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shardr.spec.foreign import (
    CannotBeSaidError,
    Refused,
    expression,
    foreign,
    kind,
    member,
    plain_inputs,
    plain_outputs,
)

# Processors that put programs of their own before the script.
OWN_PROGRAMS = {"FrameworkProcessor", "_SparkProcessorBase", "SageMakerClarifyProcessor"}


FROM_SDK = ("network_config", "processor")
"""What a step may have besides its fields: objects that several fields are read from."""


def plain_spec(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A spec with the objects of its steps as plain data, before its parameters are filled in."""
    steps = raw.get("steps")
    if isinstance(steps, (list, tuple)):
        return {**raw, "steps": [plain_step(step) for step in steps]}
    return {**raw, "steps": plain_step(steps)} if steps is not None else dict(raw)


def plain_step(value: Any) -> Any:
    """A step with the SDK's objects among its fields as plain data; fields that are given as well win."""
    if foreign(value):
        fix = "shardr serve runs pipelines of the SDK as they are"
        return Refused(f"found a {kind(value)}, expected a step: a map or a shardr.ProcessingStep ({fix})")
    if not isinstance(value, Mapping):
        return value
    step = dict(value)
    for field, plain in (("inputs", plain_inputs), ("outputs", plain_outputs)):
        if field in step:
            step[field] = plain(step[field])
    for field, plain in zip(FROM_SDK, (network, processor), strict=True):
        if field in step and foreign(step[field]):
            try:
                step = {**plain(step.pop(field)), **step}
            except CannotBeSaidError as error:
                step[field] = Refused(str(error))
    return {field: _value(value) for field, value in step.items()}


def _value(value: Any) -> Any:
    """A field's value where objects that say anything are plain already; a parameter of the SDK's pipelines is ours."""
    if not foreign(value):
        return value
    try:
        plain = expression(value)
    except CannotBeSaidError as error:
        return Refused(str(error))
    return Refused(f"found a {kind(value)}, expected plain data") if plain is value else plain


def network(value: Any) -> dict[str, Any]:
    """The fields that a ``NetworkConfig`` stands for."""
    if not hasattr(value, "enable_network_isolation"):
        raise CannotBeSaidError(f"found a {kind(value)}, expected a NetworkConfig")
    vpc = member(value, "vpc_config") or value  # version 3 has a shape with a shape in it, and the flat class of 2
    found = {
        "network_isolation": member(value, "enable_network_isolation"),
        "encrypt_traffic": member(
            value, "encrypt_inter_container_traffic", "enable_inter_container_traffic_encryption"
        ),
        "subnets": member(vpc, "subnets"),
        "security_group_ids": member(vpc, "security_group_ids"),
    }
    return {name: value for name, value in found.items() if value is not None}


def processor(value: Any) -> dict[str, Any]:
    """The fields that a ``Processor`` or ``ScriptProcessor`` stands for. Its role and its tags are the pipeline's."""
    own = OWN_PROGRAMS & {base.__name__ for base in type(value).__mro__}
    if own or not hasattr(value, "image_uri") or not hasattr(value, "instance_count"):
        raise CannotBeSaidError(f"found a {kind(value)}, expected a Processor or a ScriptProcessor")
    if member(value, "tags"):
        raise CannotBeSaidError("found a processor with tags, which are the pipeline's: Pipeline(tags={...})")
    found = {
        "image": member(value, "image_uri"),
        # the entrypoint of a ScriptProcessor is its command with the script of its last run
        "command": member(value, "command") if hasattr(value, "command") else member(value, "entrypoint"),
        "instance_count": member(value, "instance_count"),
        "instance_type": member(value, "instance_type"),
        "volume_size_gb": member(value, "volume_size_in_gb"),
        "volume_kms_key": member(value, "volume_kms_key"),
        "output_kms_key": member(value, "output_kms_key"),
        "max_runtime_seconds": member(value, "max_runtime_in_seconds"),
        "environment": member(value, "env"),
    }
    network_config = member(value, "network_config")
    fields = network(network_config) if network_config is not None else {}
    return {**{name: value for name, value in found.items() if value is not None}, **fields}
