"""A server of the test's own home, and clients that find it as any other program would."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

import shardr

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from shardr.local.serving import Served

JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListProcessingJobs"}
SHARDR = str(Path(sys.executable).with_name("shardr"))


@contextmanager
def serving(**how: Any) -> Iterator[Served]:
    """A server in the background, ended afterwards."""
    try:
        yield shardr.serve(**how)
    finally:
        shardr.serve_stop()


def find(patch: pytest.MonkeyPatch, served: Served) -> None:
    """Sets in this process what the server says."""
    for name in served.cleared:
        patch.delenv(name, raising=False)
    for name, value in served.environment.items():
        patch.setenv(name, value)
    patch.setattr(boto3, "DEFAULT_SESSION", None)


def shell(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell printed that has ``shardr`` on its path."""
    path = os.pathsep.join([str(Path(SHARDR).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path, **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def processes(word: str) -> list[tuple[int, str]]:
    """Living processes whose words have this one in them: their ids and all their words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if re.search(word, words):
            found.append((int(folder.name), words))
    return found


def request(name: str, command: str = "true", **more: Any) -> dict[str, Any]:
    """A processing job as any client could ask for it."""
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    return {
        "ProcessingJobName": name,
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["bash", "-c", command]},
        "RoleArn": "arn:aws:iam::000000000000:role/anyone",
        **more,
    }


def status(served: Served, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and content of the answer to a body that no SDK had a look at."""
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/", body, {**JSON, **headers})
    reply = connection.getresponse()
    answer = reply.status, json.loads(reply.read())
    connection.close()
    return answer
