"""An example as people try it: a copy of its folder, its data, the command, and either runner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cli.cli_world import Shell

import shardr
from shardr._inst import inst

if TYPE_CHECKING:
    from pathlib import Path

RUNNERS = ["process", pytest.param("docker", marks=pytest.mark.docker)]


class Example:
    """A copy of an example with its data; ``run`` is what its README has people type."""

    def __init__(self, name: str, folder: Path, *sizes: str) -> None:
        self.folder = folder / name
        shutil.copytree(inst("examples", name), self.folder, ignore=shutil.ignore_patterns("dataset", "__pycache__"))
        generate = [sys.executable, "-B", self.folder / "generate.py", self.folder / "dataset", *sizes]
        subprocess.run(generate, check=True, capture_output=True)
        self.data = self.folder / "dataset"
        self._shell = Shell(self.folder)

    def run(self, runner: str, **parameters: Any) -> str:
        """The id of a run of the example that must end well, in instances of this runner."""
        words = [word for name, value in parameters.items() for word in ("--set", f"{name}={value}")]
        done = self._shell("run", "job.yml", *words, "--json", SHARDR_RUNNER=runner)
        assert done.status == 0, done.err
        found = done.json
        assert (found["status"], found["runner"]) == ("Completed", runner)
        return str(found["run"])

    def collect(self, run: str, output: str, to: str) -> Path:
        """The file that ``shardr collect`` makes of an output."""
        done = self._shell("collect", run, output, "-o", to)
        assert done.status == 0, done.err
        return self.folder / to

    def files(self, run: str, output: str) -> list[str]:
        """The paths that ``shardr collect --files`` prints."""
        done = self._shell("collect", run, output, "--files")
        assert done.status == 0, done.err
        return done.out.splitlines()

    def r(self, code: str, **environment: str) -> str:
        """What R code prints in the example's folder."""
        told = subprocess.run(
            ["Rscript", "-e", code],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return told.stdout


def ready(runner: str, request: pytest.FixtureRequest, *images: str) -> str:
    """The runner; for docker, once its daemon is there and has the images."""
    if runner == "docker":
        request.getfixturevalue("docker_host")
        for image in images:
            shardr.build_image(image)
    return runner
