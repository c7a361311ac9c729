"""Which images shardr has a program for."""

from __future__ import annotations

import dataclasses
import subprocess

import pytest

from shardr.errors import RunnerError
from shardr.local.builtin import builtin


@pytest.mark.parametrize(
    "uri",
    [
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.5-1-cpu-py3",
        "492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-xgboost:3.0-5",
        "451049120500.dkr.ecr.cn-northwest-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1",
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest",
        "shardr/xgboost",
        "shardr/xgboost:latest",
    ],
)
def test_xgboost_of_every_version_and_region_is_our_image_and_our_program(uri: str) -> None:
    found = builtin(uri)
    assert found is not None
    assert found.image == "shardr/xgboost"
    assert (found.program / "__main__.py").is_file()
    assert found.entrypoint[1:] == [str(found.program)]


@pytest.mark.parametrize(
    "uri",
    [
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",  # an account of the user's own
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:2",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost-neo:1",
        "example.com/683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/pca:2",
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:2",
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",  # the account has PCA and K-means only
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/pca:1",
        "shardr/processing",
        "xgboost",
        "",
    ],
)
def test_no_other_image_is_taken_for_it(uri: str) -> None:
    assert builtin(uri) is None


@pytest.mark.parametrize("name", ["kmeans", "pca"])
@pytest.mark.parametrize(
    "uri",
    [
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/{}:1",
        "174872318107.dkr.ecr.us-west-2.amazonaws.com/{}:latest",
        "387376663083.dkr.ecr.cn-northwest-1.amazonaws.com.cn/{}:1",
        "shardr/{}",
    ],
)
def test_pca_and_k_means_of_every_region_are_our_images_and_our_programs(uri: str, name: str) -> None:
    found = builtin(uri.format(name))
    assert found is not None
    assert (found.name, found.image) == (name, f"shardr/{name}")
    assert all((folder).is_dir() for folder in found.folders)


@pytest.mark.parametrize("name", ["kmeans", "pca", "xgboost"])
def test_the_program_starts_by_its_command_and_says_what_it_takes(name: str) -> None:
    found = builtin(f"shardr/{name}")
    assert found is not None
    found.check()
    said = subprocess.run([*found.entrypoint, "training"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (2, 'expected train or serve, found "training"\n')


def test_a_python_without_its_packages_is_told_how_to_get_them() -> None:
    found = builtin("shardr/xgboost")
    assert found is not None
    with pytest.raises(RunnerError, match="xgboost needs the Python package no_such_package") as told:
        dataclasses.replace(found, needs=("scipy", "no_such_package")).check()
    assert "pip install 'shardr[xgboost]'" in str(told.value)
