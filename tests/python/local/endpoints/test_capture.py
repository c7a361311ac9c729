"""Data capture: what was asked and answered, as JSON lines where the configuration says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shardr.errors import InvocationError

if TYPE_CHECKING:
    from endpoint_world import World


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
