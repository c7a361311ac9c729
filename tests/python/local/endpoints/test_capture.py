"""Data capture: what was asked and answered, as JSON lines where the configuration says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from endpoint_world import World

from shardr.errors import InvocationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def captured(world: World) -> list[dict[str, Any]]:
    listing = world.account.home.storage.list("s3://kept/here/")
    return [json.loads(line) for path in listing.paths() for line in path.read_text("utf-8").splitlines()]


def config(percentage: int = 100, *modes: str) -> dict[str, Any]:
    return {
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": "s3://kept/here",
        "CaptureOptions": [{"CaptureMode": mode} for mode in modes or ("Input", "Output")],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }


def test_requests_and_answers_are_kept_in_the_services_layout(world: World) -> None:
    world.model()
    world.served(config=world.config("c", DataCaptureConfig=config()))
    world.invoke(body=b"1,2\n", InferenceId="one")
    world.invoke(body=b"3,4\n")
    with pytest.raises(InvocationError):
        world.invoke(ContentType="application/pdf")  # the service keeps what was answered
    (key,) = world.account.home.storage.list("s3://kept/here/").keys
    endpoint, variant, year, *_, name = key.split("/")
    assert (endpoint, variant, len(year), name[-6:]) == ("e", "v1", 4, ".jsonl")
    first, second = captured(world)
    asked = {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2\n", "encoding": "CSV"}
    assert first["captureData"]["endpointInput"] == asked
    assert float(first["captureData"]["endpointOutput"]["data"]) == pytest.approx(1, abs=0.1)
    assert first["eventMetadata"]["inferenceId"] == "one"
    assert first["eventVersion"] == "0"
    assert "inferenceId" not in second["eventMetadata"]
    about = world.about("e")["DataCaptureConfig"]
    assert (about["CaptureStatus"], about["CurrentSamplingPercentage"]) == ("Started", 100)


@pytest.mark.parametrize(("percentage", "lines"), [(0, 0), (100, 1)])
def test_only_as_many_are_kept_as_are_asked_for_and_only_what_is_asked_for(
    world: World, percentage: int, lines: int
) -> None:
    world.model()
    about = config(percentage, "Input")
    del about["CaptureContentTypeHeader"]
    world.served(config=world.config("c", DataCaptureConfig=about))
    world.invoke(body=b"1,2\n")
    found = captured(world)
    assert len(found) == lines
    assert all("endpointOutput" not in line["captureData"] for line in found)
    for line in found:  # nothing says that text/csv is CSV
        asked = line["captureData"]["endpointInput"]
        assert (asked["encoding"], asked["data"]) == ("BASE64", "MSwyCg==")


def test_capture_that_is_turned_off_keeps_nothing_and_is_told_as_stopped(world: World) -> None:
    world.model()
    world.served(config=world.config("c", DataCaptureConfig={**config(), "EnableCapture": False}))
    world.invoke()
    assert captured(world) == []
    assert world.about("e")["DataCaptureConfig"]["CaptureStatus"] == "Stopped"


def test_what_cannot_be_kept_fails_no_request_and_is_told_once_until_the_endpoint_is_changed(world: World) -> None:
    world.model()
    world.account.home.storage.put("s3://kept/here", b"a file where the folder should be")
    world.served(config=world.config("c", DataCaptureConfig=config()))
    since = world.about("e")["LastModifiedTime"]
    for _ in range(3):
        assert float(world.invoke(body=b"1,2\n")["Body"]) == pytest.approx(1, abs=0.1)
    about = world.about("e")
    told = "DataCaptureConfig: not all of it is kept below s3://kept/here: Not a directory"
    assert (about["EndpointStatus"], about["FailureReason"], about["LastModifiedTime"]) == ("InService", told, since)
    world.account.home.storage.path("s3://kept/here").unlink()
    world.invoke(body=b"5,6\n")
    assert [line["captureData"]["endpointInput"]["data"] for line in captured(world)] == ["5,6\n"]
    assert world.about("e")["FailureReason"] == told  # of what is lost it stays true
    world.ask("UpdateEndpoint", EndpointName="e", EndpointConfigName="c")
    assert "FailureReason" not in world.until("e", "InService")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    with worlds.disk(tmp_path / "small", 2) as folder:
        yield folder


@pytest.fixture
def cramped(small: Path) -> Iterator[World]:
    made = World(small / "home")
    yield made
    (small / "rest").unlink(missing_ok=True)
    made.close()


def test_on_a_full_disk_lines_are_kept_whole_or_not_at_all_and_it_is_told_when_there_is_room(
    small: Path, cramped: World
) -> None:
    cramped.model()
    cramped.served(config=cramped.config("c", DataCaptureConfig=config()))
    cramped.invoke(body=b"1,2\n")
    with pytest.raises(OSError, match="No space left"):
        (small / "rest").write_bytes(bytes(2 << 20))
    rows = b"3,4\n" * 2000  # more than the page that its file has already
    for _ in range(3):
        assert len(cramped.invoke(body=rows)["Body"].split(b",")) == 2000
    assert "FailureReason" not in cramped.about("e")  # there is no room for that either
    (small / "rest").unlink()
    cramped.invoke(body=b"5,6\n")
    assert cramped.about("e")["FailureReason"].endswith("kept below s3://kept/here: No space left on device")
    assert [line["captureData"]["endpointInput"]["data"] for line in captured(cramped)] == ["1,2\n", "5,6\n"]
