"""Models that are served by code in their archive, in R and in Python, on a machine without Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import worlds
from endpoint_world import World

from shardr.errors import InvocationError, RequestError
from shardr.local import programs
from shardr.local.programs import SERVERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IMAGES = {"R": "shardr/serving:latest", "py": "shardr/python:latest"}
CODE = {
    "R": """
columns <- "x"
model_fn <- function(dir) as.numeric(readLines(file.path(dir, "factor.txt")))
predict_fn <- function(model, data) {
  if (any(data$x < 0)) stop("no such luck")
  if (any(data$x == 0)) {
    can <- suppressWarnings(file.create(file.path(dirname(getwd()), "new.txt")))
    return(paste(Sys.getenv("ANSWER"), if (can) "written" else "read-only"))
  }
  model * data$x
}
""",
    "py": """
import os, pathlib
columns = ["x"]
def model_fn(dir):
    return float((pathlib.Path(dir) / "factor.txt").read_text())
def predict_fn(model, data):
    values = [row["x"] for row in data]
    if min(values) < 0:
        raise ValueError("no such luck")
    if min(values) == 0:
        try:
            (pathlib.Path(__file__).parents[1] / "new.txt").touch()
            can = "written"
        except OSError:
            can = "read-only"
        return [f"{os.environ['ANSWER']} {can}"]
    return [model * value for value in values]
""",
}
BROKEN = {"R": "library(notthere)\n", "py": "import notthere\n"}


def archive(files: Mapping[str, str]) -> bytes:
    """A model.tar.gz with these texts in it."""
    return worlds.packed({name: text.encode() for name, text in files.items()})


def written(language: str, code: Mapping[str, str] = CODE) -> bytes:
    return archive({"factor.txt": "2\n", f"code/inference.{language}": code[language]})


@pytest.mark.parametrize("language", ["R", "py"])
def test_a_model_is_served_by_its_own_code_which_sees_its_environment_and_a_model_that_it_cannot_change(
    world: World, language: str
) -> None:
    world.model("m", written(language), IMAGES[language], ANSWER="forty two", SHARDR_WORKERS="1")
    world.served()
    assert [float(line) for line in world.invoke(body=b"1\n2.5\n")["Body"].split()] == [2, 5]
    assert world.invoke(body=b"0\n")["Body"] == b"forty two read-only\n"
    with pytest.raises(InvocationError, match="no such luck") as told:
        world.invoke(body=b"-1\n")
    assert told.value.status == 500
    with pytest.raises(InvocationError, match="line 2") as told:
        world.invoke(body=b"1\n1,2\n")
    assert told.value.status == 400
    with pytest.raises(InvocationError) as told:
        world.invoke(body=b"1", ContentType="image/png")
    assert told.value.status == 415


@pytest.mark.parametrize("language", ["R", "py"])
def test_code_that_cannot_be_loaded_fails_the_endpoint_with_its_own_error(world: World, language: str) -> None:
    world.model("m", written(language, BROKEN), IMAGES[language], SHARDR_WORKERS="1")
    world.endpoint("e", world.config("c"))
    worlds.until(lambda: world.status("e") != "Creating")
    about = world.about("e")
    assert about["EndpointStatus"] == "Failed"
    assert "notthere" in about["FailureReason"]


def test_a_transform_job_asks_such_a_model_too(world: World) -> None:
    world.model("m", written("py"), IMAGES["py"], SHARDR_WORKERS="1")
    world.account.home.storage.put("s3://data/in/a.csv", b"x\n1\n2\n")
    world.ask(
        "CreateTransformJob",
        TransformJobName="t",
        ModelName="m",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}},
            "ContentType": "text/csv; header=present",
        },
        TransformOutput={"S3OutputPath": "s3://data/out/"},
        TransformResources={"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    )
    worlds.until(
        lambda: world.ask("DescribeTransformJob", TransformJobName="t")["TransformJobStatus"] != "InProgress", 40
    )
    assert world.account.home.storage.path("s3://data/out/a.csv.out").read_bytes() == b"2.0\n4.0\n"


def test_without_nginx_it_is_told_how_to_get_it(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a machine whose programs lie elsewhere."""
    monkeypatch.setattr("shardr.local.runners.machine.SYSTEM_PATH", str(tmp_path))
    world.model("m", written("R"), IMAGES["R"])
    with pytest.raises(RequestError, match="behind nginx, which is not installed") as told:
        world.endpoint("e", world.config("c"))
    assert "apt-get install nginx-light" in str(told.value)


def test_packages_that_r_lacks_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "OF_R", ("jsonlite", "no.such.package"))
    with pytest.raises(programs.RunnerError, match=r"no\.such\.package, which is not installed"):
        SERVERS["serving"].check()


def test_an_image_that_nothing_stands_for_is_told_what_does(world: World) -> None:
    world.model("m", written("R"), "shardr/processing:latest")
    with pytest.raises(RequestError, match="only the image itself knows") as told:
        world.endpoint("e", world.config("c"))
    assert "the image serving (R) or python" in str(told.value)


STORM = """
import pathlib
def model_fn(dir):
    return None
def predict_fn(model, data):
    with pathlib.Path("/tmp/asked").open("a") as log:
        log.write("x")
    raise ValueError(f"storm {len(pathlib.Path('/tmp/asked').read_text())}")
"""


def test_a_model_that_fails_all_the_time_is_asked_as_often_as_the_job_says_and_no_more(world: World) -> None:
    world.model("m", archive({"code/inference.py": STORM}), IMAGES["py"], SHARDR_WORKERS="1")
    for name in ("a.csv", "b.csv"):
        world.account.home.storage.put(f"s3://data/in/{name}", b"1\n2\n3\n")
    about = transformed(world, ModelClientConfig={"InvocationsMaxRetries": 1})
    assert about["TransformJobStatus"] == "Failed"
    assert "a.csv: record 1" in about["FailureReason"]
    assert "storm 2" in about["FailureReason"]  # the second and last answer to the first record
    assert "b.csv: record 1" in about["FailureReason"]
    assert world.account.home.storage.list("s3://data/out/").keys == []


def transformed(world: World, **more: Any) -> dict[str, Any]:
    """How a transform job ends that asks about each line below s3://data/in/."""
    world.ask(
        "CreateTransformJob",
        TransformJobName="t",
        ModelName="m",
        BatchStrategy="SingleRecord",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": "s3://data/out/"},
        TransformResources={"InstanceCount": 1, "InstanceType": "ml.m5.large"},
        **more,
    )
    worlds.until(
        lambda: world.ask("DescribeTransformJob", TransformJobName="t")["TransformJobStatus"] != "InProgress", 40
    )
    return world.ask("DescribeTransformJob", TransformJobName="t")


LONG = """
def model_fn(dir):
    return None
def predict_fn(model, data):
    return ["x" * int(row[0]) for row in data]
"""


def test_a_disk_that_fills_up_fails_the_object_whose_answers_it_cannot_hold(tmp_path: Path) -> None:
    with worlds.disk(tmp_path / "small", 3) as small:
        world = World(small / "home")
        world.model("m", archive({"code/inference.py": LONG}), IMAGES["py"], SHARDR_WORKERS="1")
        world.account.home.storage.put("s3://data/in/a.csv", b"1000000\n" * 5)
        world.account.home.storage.put("s3://data/in/b.csv", b"3\n")
        about = transformed(world)
        assert about["TransformJobStatus"] == "Failed"
        assert "a.csv: its answers cannot be written: No space left on device" in about["FailureReason"]
        assert world.account.home.storage.path("s3://data/out/b.csv.out").read_bytes() == b"xxx\n"
        assert not world.account.home.storage.path("s3://data/out/a.csv.out").exists()
