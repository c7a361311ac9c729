"""Instances as folders that they find as /opt/ml, and the program of a built-in algorithm as a real process on each."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from shardr.local.builtin import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from typing_extensions import Self

CLAIM_PORT = 27127
CLAIMS: list[socket.socket] = []
"""Each holds a network for as long as this process lives: nobody else can have its address and port."""
CSV = {"ContentType": "text/csv", "TrainingInputMode": "File"}


class Served:
    """What answers on a port."""

    def __init__(self, port: int) -> None:
        self._port = port

    def asked(
        self, body: str | bytes | None, kind: str = "text/csv", accept: str = "", path: str = "/invocations"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Content-Type": kind} | ({"Accept": accept} if accept else {})
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def ask(self, *arguments: Any, **named: Any) -> tuple[int, str]:
        status, answer = self.asked(*arguments, **named)
        return status, answer.decode()


@dataclass
class Host:
    """One instance: ``files`` by channel and name."""

    algorithm: ClassVar[str]
    folder: Path
    files: dict[str, dict[str, str | bytes]]
    hyperparameters: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Any] | None = None
    hosts: tuple[str, ...] = ("algo-1",)
    name: str = "algo-1"

    def __post_init__(self) -> None:
        for part in ("input/config", "input/data", "model", "output"):
            (self.folder / part).mkdir(parents=True)
        for channel, files in self.files.items():
            for name, text in files.items():
                path = self.folder / "input/data" / channel / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.config("hyperparameters", self.hyperparameters)
        self.config("inputdataconfig", self.channels or dict.fromkeys(self.files, CSV))
        self.config("resourceconfig", {"current_host": self.name, "hosts": list(self.hosts)})

    @classmethod
    def group(
        cls,
        folder: Path,
        files: Sequence[dict[str, dict[str, Any]]],
        hyperparameters: dict[str, str],
        channels: dict[str, Any],
    ) -> list[Self]:
        """Instances of one job, each with its files; their names are addresses that no other test listens at."""
        names = addresses(len(files))
        return [
            cls(folder / name, held, dict(hyperparameters), channels, names, name)
            for name, held in zip(names, files, strict=True)
        ]

    def config(self, name: str, content: Any) -> None:
        (self.folder / f"input/config/{name}.json").write_text(json.dumps(content))

    def start(self, what: str = "train", **environment: str) -> subprocess.Popen[str]:
        found = builtin(f"shardr/{self.algorithm}")
        assert found
        given = os.environ | {"SHARDR_BASE_DIR": str(self.folder)} | environment
        return subprocess.Popen(
            [*found.entrypoint, what], env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def train(self, **environment: str) -> tuple[int, str]:
        return ended(self.start(**environment))

    @contextmanager
    def serving(self, **environment: str) -> Iterator[tuple[Served, subprocess.Popen[str]]]:
        """The model of this instance, served on a free port of this machine."""
        local = {"SAGEMAKER_BIND_TO_PORT": "0", "SHARDR_BIND_HOST": "127.0.0.1"}
        process = self.start("serve", **local, **environment)
        try:
            assert process.stdout
            found = re.fullmatch(r"listening on port (\d+)\n", process.stdout.readline())
            assert found
            yield Served(int(found[1])), process
        finally:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()

    @property
    def failure(self) -> str:
        return (self.folder / "output/failure").read_text()


def addresses(count: int) -> tuple[str, ...]:
    """Addresses of loopback, in a network that no other group of this machine has, whichever process made it."""
    for _ in range(100):
        network = f"127.{random.randint(64, 254)}.{random.randint(0, 255)}"
        claim = socket.socket()
        try:
            claim.bind((f"{network}.254", CLAIM_PORT))
        except OSError:
            claim.close()
            continue
        CLAIMS.append(claim)
        return tuple(f"{network}.{i + 1}" for i in range(count))
    raise AssertionError("there is no network of loopback left")


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and what was printed; a program that hangs is ended and fails the test."""
    try:
        printed, _ = process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, printed
