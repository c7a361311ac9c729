"""The service model is botocore's, read without botocore's code."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import botocore.loaders
import pytest

import shardr
from shardr.requests.service_model import service_model


def test_the_model_is_the_one_botocore_loads() -> None:
    theirs = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    ours = service_model()
    assert ours.shapes == theirs["shapes"]
    assert ours.operations == theirs["operations"]


def test_the_model_is_read_once() -> None:
    assert service_model("sagemaker") is service_model("sagemaker")


def test_shapes_of_an_operation_are_found_and_may_be_absent() -> None:
    model = service_model()
    assert model.shape_of("CreateProcessingJob", "input") == "CreateProcessingJobRequest"
    assert model.shape_of("StopProcessingJob", "output") is None
    with pytest.raises(KeyError):
        model.shape_of("CreateNothing", "input")


def test_a_service_that_botocore_does_not_describe_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no description of the service 'sagemeker'"):
        service_model("sagemeker")


def python(code: str, *path: Path) -> str:
    source = Path(shardr.__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, source)))}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_checking_a_request_imports_neither_botocore_nor_pandas() -> None:
    code = (
        "import sys; from shardr.requests.check import check_request;"
        "check_request('StopProcessingJob', {'ProcessingJobName': 'a_b', 'x': 1});"
        "print(sorted({'botocore', 'boto3', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    assert python(code) == "[]"


def test_the_newest_version_wins_and_may_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "botocore").mkdir()
    (tmp_path / "botocore" / "__init__.py").touch()
    for version, operation in (("2019-01-01", "Old"), ("2021-01-01", "New")):
        folder = tmp_path / "botocore" / "data" / "toy" / version
        folder.mkdir(parents=True)
        content = json.dumps({"operations": {operation: {}}, "shapes": {}}).encode()
        if operation == "Old":
            (folder / "service-2.json.gz").write_bytes(gzip.compress(content))
        else:
            (folder / "service-2.json").write_bytes(content)
            (folder / "service-2.sdk-extras.json").write_bytes(b"{}")
    code = "from shardr.requests.service_model import service_model as m; print(list(m('toy').operations))"
    assert python(code, tmp_path) == "['New']"
