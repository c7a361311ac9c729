"""Processing steps: a script over data, files in and files out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from shardr.spec.foreign import refuse
from shardr.spec.parts import (
    DEFAULT_RUNTIME_SECONDS,
    Channel,
    Expect,
    Input,
    Output,
    Result,
    named,
    one_or_many,
)
from shardr.spec.places import PROCESSING
from shardr.spec.script_step import ScriptStep


class ProcessingStep(ScriptStep):
    """One processing job: a script, N instances, channels in and out."""

    type: Literal["processing"] = Field(default="processing", description="Kind of step.")
    max_runtime_seconds: int = Field(
        default=DEFAULT_RUNTIME_SECONDS, description="The job is stopped after this long.", ge=1, le=777_600
    )
    inputs: Annotated[
        list[Annotated[Input, BeforeValidator(refuse)]], BeforeValidator(one_or_many), Field(max_length=10)
    ] = Field(default=[], description="Channels in; at most 10.")
    outputs: Annotated[
        list[Annotated[Output, BeforeValidator(named)]], BeforeValidator(one_or_many), Field(max_length=10)
    ] = Field(default=[], description="Outputs, by name or in full; at most 10.")
    expect: Expect | None = Field(default=None, description="What the row ledger must find.")

    @property
    def channels(self) -> list[Channel]:
        """What comes in."""
        return list(self.inputs)

    @property
    def results(self) -> list[Result]:
        """What goes out."""
        return [Result(output.name, output.local_path, output.destination) for output in self.outputs]

    @property
    def destinations(self) -> list[tuple[str, str, str]]:
        """Where in the step a destination is named, what goes there, and the destination."""
        found = [(f"outputs[{i}].destination", f"output {o.name}", o.destination) for i, o in enumerate(self.outputs)]
        return [(at, what, destination) for at, what, destination in found if destination is not None]

    def without_destinations(self) -> ProcessingStep:
        """The step with a fresh place for each output."""
        fresh = [output.model_copy(update={"destination": None}) for output in self.outputs]
        return self.model_copy(update={"outputs": fresh})

    @property
    def code_path(self) -> str:
        """The folder of the instance that has the code."""
        return f"{PROCESSING}/input/code"
