"""Objects of the SageMaker SDK, of version 2 and of 3, are taken by our verbs, which do not know the SDK."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import clients
import pytest

ROOT = Path(__file__).parents[2]
MODULES = {"2": ("sagemaker.processing", "sagemaker.network"), "3": ("sagemaker.core.shapes.shapes",) * 2}
VPC = {"network_isolation": True, "encrypt_traffic": True, "subnets": ["subnet-1"], "security_group_ids": ["sg-1"]}
FILTER = {
    "name": "filter",
    "code": "filter.R",
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/r:1",
    "command": ["Rscript"],
    "environment": {"LEVEL": "debug"},
    "instance_count": 2,
    "volume_size_gb": 50,
    "volume_kms_key": "alias/disks",
    "output_kms_key": "alias/outputs",
    "max_runtime_seconds": 3600,
    "inputs": [
        {
            "name": "raw",
            "source": "s3://bucket/raw/",
            "distribution": "ShardedByS3Key",
            "path": "/opt/ml/processing/input/raw",
        },
        {"name": "input-2", "source": {"manifest": "s3://bucket/list"}, "path": "/opt/ml/processing/input/more"},
    ],
    "outputs": [
        {"name": "filtered", "path": "/opt/ml/processing/output/filtered", "destination": "s3://bucket/filtered"}
    ],
    **VPC,
}
SPLIT = {
    "name": "split",
    "code": "split.R",
    "inputs": [
        {"name": "in", "source": {"step": "filter", "output": "filtered"}, "path": "/opt/ml/processing/input/in"}
    ],
    "outputs": [
        {"name": "a"},
        {"name": "b", "path": "/opt/ml/processing/output/b", "destination": "s3://bucket/b"},
    ],
    **VPC,
}


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a program needs to find our code and no account."""
    ours = {
        "PYTHONPATH": str(ROOT / "python"),
        "HOME": str(home),  # defaults of the SDK's that a person has set are no part of this
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
    }
    return {**os.environ, **ours, **more}


@pytest.fixture(scope="module", params=["2", "3"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program says under an SDK, and which."""
    python, home = clients.python(f"sagemaker-{request.param}"), tmp_path_factory.mktemp("home")
    program = [str(python), str(Path(__file__).with_name("sdk_objects.py")), request.param]
    done = subprocess.run(program, env=environment(home), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {"version": request.param, **json.loads(done.stdout.splitlines()[-1])}


def test_a_spec_of_sdk_objects_is_the_spec_that_says_the_same(told: dict[str, Any]) -> None:
    assert json.loads(told["spec"])["steps"] == [FILTER, SPLIT]


def test_a_step_built_in_python_takes_them_like_one_that_is_loaded(told: dict[str, Any]) -> None:
    assert told["same"]


def test_what_a_spec_cannot_say_is_refused_with_what_was_found_and_where(told: dict[str, Any]) -> None:
    channels, networks = MODULES[told["version"]]
    processors = channels if told["version"] == "2" else "sagemaker.core.processing"
    step = told["refused"].pop("a step")
    assert step.startswith("steps[0]: found a sagemaker.")
    assert "expected a step: a map or a shardr.ProcessingStep" in step
    assert told["refused"] == {
        "an output among the inputs": f"steps[0].inputs[0]: found a {channels}.ProcessingOutput, expected an input",
        "managed": 'steps[0].inputs[0]: found app_managed "True", only "False" is done',
        "continuous": 'steps[0].outputs[0]: found s3_upload_mode "Continuous", only "EndOfJob" is done',
        "a framework": f"steps[0].processor: found a {processors}.FrameworkProcessor, "
        "expected a Processor or a ScriptProcessor",
        "misspelt": 'steps[0].procesor: is not a known field; did you mean "processor"?',
        "elsewhere": f"steps[0].environment.A: found a {networks}.NetworkConfig, expected text",
    }


def test_the_builders_of_r_take_what_reticulate_brings(tmp_path: Path) -> None:
    env = environment(tmp_path, RETICULATE_PYTHON=str(clients.python("sagemaker-2")))
    program = ["Rscript", str(Path(__file__).with_name("sdk_objects.R"))]
    done = subprocess.run(program, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    spec, *wrong = [line for line in done.stdout.splitlines() if "INFO" not in line]
    (step,) = json.loads(spec)["steps"]
    filtered = {"name": "filtered", "path": "/opt/ml/processing/output/filtered"}
    assert step == {
        **{field: value for field, value in VPC.items() if field != "encrypt_traffic"},
        "name": "filter",
        "code": "filter.R",
        "inputs": [FILTER["inputs"][0], {"name": "more", "source": "d/"}],  # type: ignore[index]
        "outputs": [filtered],
    }
    assert wrong == [
        "inputs[[1]]: found a sagemaker.processing.ProcessingOutput, expected an input",
        "outputs[[2]]: found a sagemaker.processing.ProcessingInput, expected an output",
        "network_config: found a sagemaker.processing.ProcessingOutput, expected a NetworkConfig",
        "processor: found 3, expected an object of the SageMaker SDK",
    ]
