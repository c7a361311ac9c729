"""Steps that run a program: a script, or what an image has."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from shardr.spec.parts import INTERPRETERS, Text, Words
from shardr.spec.step import Named, Step


class Program(Named):
    """The program of a step, and the instances that it needs."""

    image: str = Field(
        default="processing",
        description="An image of shardr's, or any image URI.",
        min_length=1,
        max_length=255,
    )
    command: Annotated[Words | None, Field(min_length=1, max_length=99)] = Field(
        default=None,
        description="What runs the code. Default: by the code's ending (.R: Rscript, .py: python3).",
    )
    code: str | None = Field(
        default=None,
        description="The script, relative to this file. Without it the image's own program runs.",
    )
    arguments: Annotated[Words, Field(max_length=100)] = Field(default=[], description="Arguments of the script.")
    environment: dict[Annotated[str, Field(max_length=256)], Text] = Field(
        default={}, description="Environment variables of the script.", max_length=100
    )
    volume_size_gb: int = Field(default=30, description="Disk of an instance, in GB.", ge=1, le=16384)
    encrypt_traffic: bool = Field(default=False, description="On SageMaker: encrypt what instances tell each other.")


class ScriptStep(Step, Program):
    """What a step with a program has."""

    @property
    @abstractmethod
    def code_path(self) -> str:
        """The folder of the instance that has the code."""

    @property
    def entrypoint(self) -> list[str]:
        """The command with the script behind it, as the container runs it; empty without code and command."""
        if self.code is None:
            return list(self.command or [])
        return [*self.interpreter, f"{self.code_path}/{PurePosixPath(self.code).name}"]

    @property
    def interpreter(self) -> list[str]:
        """What runs the code: ``command``, or what the code's ending says."""
        if self.command is not None:
            return list(self.command)
        ending = PurePosixPath(self.code or "").suffix.lower()
        return [INTERPRETERS[ending]] if ending in INTERPRETERS else []
