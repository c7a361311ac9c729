"""The AWS engine with a session of this process's own: no server, the same jobs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

import shardr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROLE = "arn:aws:iam::111122223333:role/r"
KEEP = """
import glob, json, os, shutil, sys, time
print("hello from", json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"])
os.makedirs("/opt/ml/processing/output/kept", exist_ok=True)
for file in glob.glob("/opt/ml/processing/input/raw/*.csv"):
    shutil.copy(file, "/opt/ml/processing/output/kept")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHARDR_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    for i in range(4):
        (tmp_path / "data" / f"{i}.csv").write_text("a,b\n" + "".join(f"{i},{j}\n" for j in range(10)))
    (tmp_path / "keep.py").write_text(KEEP)
    return tmp_path


@pytest.fixture
def there(folder: Path) -> Iterator[dict[str, Any]]:
    session = shardr.local_session(folder / "aws", runner="process")
    yield {"engine": "sagemaker", "session": session, "role": ROLE, "base": folder}
    session.close()


def step(name: str, code: str, source: Any = "data/", **more: Any) -> dict[str, Any]:
    inputs = [{"name": "raw", "source": source, "distribution": more.pop("distribution", "FullyReplicated")}]
    return {"name": name, "code": code, "inputs": inputs, "outputs": ["kept"], **more}


def test_one_job_is_sent_followed_and_collected_from(there: dict[str, Any]) -> None:
    spec = {"name": "one", "steps": [step("keep", "keep.py", distribution="ShardedByS3Key", instance_count=2)]}
    run = shardr.run(spec, **there)
    assert [(line.instance, line.text) for line in run.logs()] == [
        ("algo-1", "hello from algo-1"), ("algo-2", "hello from algo-2"),
    ]  # fmt: skip
    assert len(run.collect("keep", "kept")) == 40
    again = shardr.Run(run.id)
    assert again.files("keep", "kept") == run.files("keep", "kept")
    lines, cursor = again.read_logs({})
    assert len(lines) == 2
    assert again.read_logs(cursor) == ([], cursor)


def test_balanced_shards_are_jobs_of_one_step(there: dict[str, Any]) -> None:
    spec = {"name": "even", "steps": [step("keep", "keep.py", distribution="balanced", instance_count=2)]}
    run = shardr.run(spec, **there)
    assert len(run.step("keep").jobs) == 2
    assert sorted({line.instance for line in run.logs()}) == ["shard-1", "shard-2"]
    assert len(run.collect("keep", "kept")) == 40
