"""Endpoints on real processes: from their creation to their end, whatever happens to their instances."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from endpoint_world import TRIES, archive

from shardr.errors import InvocationError, RequestError
from shardr.local import jobs
from shardr.local.endpoints import lives
from shardr.local.endpoints.store import Endpoints

if TYPE_CHECKING:
    from endpoint_world import World

    from shardr.local.endpoints.plan import EndpointPlan


def keeper(world: World, name: str = "e") -> int:
    row = Endpoints(world.account.home.store).find(name)
    assert row
    assert row.pid
    return row.pid


def serving(world: World) -> dict[int, int]:
    """Processes that serve something of this home, with their parents."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as stream:  # noqa: PTH123
                words = stream.read().split(b"\0")
            with open(f"/proc/{pid}/environ", "rb") as stream:  # noqa: PTH123
                given = stream.read()
            with open(f"/proc/{pid}/stat") as stream:  # noqa: PTH123
                parent = int(stream.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"serve" in words and b"WORLD=" + os.fsencode(world.account.home.root) in given.split(b"\0"):
            found[int(pid)] = parent
    return found


def instances(world: World) -> list[int]:
    """Of the processes in each sandbox the first, whose children are its workers."""
    found = serving(world)
    return [pid for pid, parent in found.items() if parent not in found]


def numbers(answer: dict[str, Any]) -> list[int]:
    """The predictions of an answer."""
    return [round(float(number)) for number in answer["Body"].replace(b",", b" ").split()]


def traced(world: World, name: str = "m", content: bytes | None = None, **environment: str) -> str:
    """A model whose processes can be found."""
    return world.model(name, content, WORLD=str(world.account.home.root), **environment)


def test_an_endpoint_of_two_instances_answers_and_ends_without_a_trace(world: World) -> None:
    traced(world)
    world.served(config=world.config("c", {"InitialInstanceCount": 2}))
    found = world.about("e")
    assert found["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert found["EndpointConfigName"] == "c"
    answer = world.invoke()
    assert numbers(answer) == [1, 1]
    assert answer["ContentType"].startswith("text/csv")
    assert answer["InvokedProductionVariant"] == "v1"
    assert len(instances(world)) == 2
    world.ask("DeleteEndpoint", EndpointName="e")
    worlds.until(lambda: not world.there("e"))
    assert not instances(world)
    worlds.until(lambda: not jobs.alive(lives.folder(world.account.home, "e")))
    assert not [path for path in (world.account.home.root / "jobs").iterdir() if path.name != "e.endpoint"]
    with pytest.raises(RequestError, match="Could not find endpoint"):
        world.about("e")
    with pytest.raises(RequestError, match="not found"):
        world.invoke()


def test_a_name_is_free_again_as_soon_as_its_endpoint_is_gone(world: World) -> None:
    world.model()
    world.served(config=world.config("c"))
    with pytest.raises(RequestError, match="already existing"):
        world.endpoint("e", "c")
    world.ask("DeleteEndpoint", EndpointName="e")
    worlds.until(lambda: not world.there("e"))
    world.served(config="c")
    assert world.invoke()["Body"]


def test_a_model_that_cannot_be_loaded_fails_the_endpoint_in_the_scripts_own_words(world: World) -> None:
    world.model("bad", worlds.packed({"xgboost-model": b"no model at all"}))
    world.endpoint("e", world.config("c", {"ModelName": "bad"}))
    worlds.until(lambda: world.status("e") != "Creating")
    found = world.about("e")
    assert found["EndpointStatus"] == "Failed"
    assert "v1: AlgorithmError: algo-1 exited with code 1" in found["FailureReason"]
    assert "xgboost-model" in found["FailureReason"]
    with pytest.raises(RequestError, match="not found"):
        world.invoke()


@pytest.mark.parametrize("content", [b"no archive", b""], ids=["text", "empty"])
def test_an_archive_that_is_none_fails_the_endpoint(world: World, content: bytes) -> None:
    world.model("bad", content)
    world.endpoint("e", world.config("c", {"ModelName": "bad"}))
    worlds.until(lambda: world.status("e") == "Failed")
    assert "model.tar.gz" in world.about("e")["FailureReason"]


def test_a_model_that_is_not_there_fails_the_endpoint(world: World) -> None:
    world.model()
    world.account.home.storage.path("s3://models/m/model.tar.gz").unlink()
    world.endpoint("e", world.config("c"))
    worlds.until(lambda: world.status("e") == "Failed")
    assert "is not there" in world.about("e")["FailureReason"]


def test_one_that_is_never_healthy_fails_after_the_time_that_its_variant_gives_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced(world, **TRIES)
    config = world.config("c", {"ContainerStartupHealthCheckTimeoutInSeconds": 60})
    store = Endpoints(world.account.home.store)
    # the service takes no less than 60 seconds, which are too many for a test
    add = Endpoints.add
    monkeypatch.setattr(
        Endpoints,
        "add",
        lambda self, name, tags, plan, seconds: add(self, name, tags, shortened(plan), seconds),
    )
    world.endpoint("e", config)
    worlds.until(lambda: world.status("e") == "Failed")
    row = store.find("e")
    assert row
    assert "did not answer /ping with 200 within 2 seconds" in str(row.failure_reason)
    assert not instances(world)


def shortened(plan: EndpointPlan) -> EndpointPlan:
    return replace(plan, variants=[replace(variant, health_seconds=2) for variant in plan.variants])


def test_an_endpoint_can_be_deleted_while_it_is_being_created(world: World) -> None:
    traced(world, **TRIES)
    world.endpoint("e", world.config("c"))
    worlds.until(lambda: instances(world))
    began = time.monotonic()
    world.ask("DeleteEndpoint", EndpointName="e")
    worlds.until(lambda: not world.there("e"))
    assert time.monotonic() - began < 10
    assert not instances(world)


def test_an_endpoint_deleted_at_once_never_starts(world: World) -> None:
    traced(world)
    world.endpoint("e", world.config("c"))
    world.ask("DeleteEndpoint", EndpointName="e")
    worlds.until(lambda: not world.there("e"))
    assert not instances(world)


def test_an_instance_that_is_killed_is_started_again_and_the_other_answers_meanwhile(world: World) -> None:
    traced(world)
    world.served(config=world.config("c", {"InitialInstanceCount": 2}))
    before = serving(world).keys()
    os.kill(min(before), signal.SIGKILL)
    failures = 0
    end = time.monotonic() + 20
    while not serving(world).keys() - before or world.about("e")["ProductionVariants"][0][
        "CurrentInstanceCount"
    ] < 2:  # fmt: skip
        try:
            world.invoke()
        except InvocationError:
            failures += 1
        assert time.monotonic() < end
    assert failures <= 1  # the request that it had
    assert world.status("e") == "InService"


def test_of_an_endpoint_whose_only_instance_is_killed_requests_are_refused_until_it_is_back(world: World) -> None:
    traced(world)
    world.served(config=world.config("c"))
    world.invoke()
    (first,) = instances(world)
    before = serving(world)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(InvocationError, match=r"is ready|ended the connection"):
        world.invoke()
    worlds.until(lambda: serving(world).keys() - before)
    worlds.until(lambda: world.about("e")["ProductionVariants"][0]["CurrentInstanceCount"] == 1)
    assert world.invoke()["Body"]


def test_a_request_whose_instance_dies_is_an_error_and_not_an_endless_wait(world: World) -> None:
    traced(world)
    world.served(config=world.config("c"))
    (first,) = instances(world)
    os.kill(first, signal.SIGSTOP)  # it takes the request and does not answer
    threading.Timer(1, os.kill, (first, signal.SIGKILL)).start()
    began = time.monotonic()
    with pytest.raises(InvocationError, match="without an answer"):
        world.invoke()
    assert 0.5 < time.monotonic() - began < 10


def test_an_answer_that_takes_too_long_is_the_services_time_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shardr.local.endpoints.calls.ANSWER_SECONDS", 1)
    traced(world)
    world.served(config=world.config("c"))
    (first,) = instances(world)
    os.kill(first, signal.SIGSTOP)
    try:
        with pytest.raises(InvocationError, match="timed out while waiting") as told:
            world.invoke()
        assert told.value.status == 0
    finally:
        os.kill(first, signal.SIGCONT)
    assert world.invoke()["Body"]


def test_instances_that_end_again_and_again_fail_the_endpoint(world: World) -> None:
    traced(world)
    world.served(config=world.config("c"))
    end = time.monotonic() + 60
    while world.status("e") != "Failed":
        for pid in instances(world):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert time.monotonic() < end
    assert "was started 4 times, and ended each time" in world.about("e")["FailureReason"]
    assert not instances(world)


def test_an_endpoint_ends_when_its_time_is_over(world: World) -> None:
    traced(world)
    world.served(config=world.config("c"), ttl_seconds="5")
    worlds.until(lambda: not world.there("e"))
    assert not instances(world)
    with pytest.raises(RequestError, match="ttl-seconds"):
        world.endpoint("e", "c", ttl_seconds="4h")


def test_an_endpoint_whose_keeper_is_killed_is_failed_and_its_instances_end(world: World) -> None:
    traced(world)
    world.served(config=world.config("c"))
    os.kill(keeper(world), signal.SIGKILL)
    worlds.until(lambda: not instances(world))
    worlds.until(lambda: world.status("e") == "Failed")
    assert "has died" in world.about("e")["FailureReason"]


def test_an_endpoint_ends_with_its_home(world: World) -> None:
    import shutil

    traced(world)
    world.served(config=world.config("c"))
    shutil.rmtree(world.account.home.root)
    worlds.until(lambda: not instances(world))
    assert not world.account.home.root.exists() or not (world.account.home.root / "jobs.sqlite").exists()


def test_variants_get_requests_by_weight_and_by_name(world: World) -> None:
    world.model()
    world.model("other", archive(9.0))
    variants = [{"InitialVariantWeight": 3.0}, {"ModelName": "other", "InitialVariantWeight": 1.0}]
    world.served(config=world.config("c", *variants))
    found = [world.invoke()["InvokedProductionVariant"] for _ in range(200)]
    assert 110 < found.count("v1") < 185
    assert numbers(world.invoke(TargetVariant="v2")) == [9, 9]
    world.ask(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="e",
        DesiredWeightsAndCapacities=[
            {"VariantName": "v1", "DesiredWeight": 0.0},
            {"VariantName": "v2", "DesiredInstanceCount": 2},
        ],
    )
    assert world.status("e") == "Updating"
    after = {v["VariantName"]: v for v in world.until("e", "InService")["ProductionVariants"]}
    assert (after["v1"]["CurrentWeight"], after["v2"]["CurrentInstanceCount"]) == (0.0, 2)
    assert {world.invoke()["InvokedProductionVariant"] for _ in range(30)} == {"v2"}
    with pytest.raises(RequestError, match="Variant v3"):
        world.invoke(TargetVariant="v3")


def test_an_update_puts_another_model_in_service_without_a_gap(world: World) -> None:
    traced(world)
    traced(world, "other", archive(9.0))
    world.served(config=world.config("c"))
    world.config("d", {"ModelName": "other"})
    world.ask("UpdateEndpoint", EndpointName="e", EndpointConfigName="d")
    with pytest.raises(RequestError, match="in-progress"):
        world.ask("UpdateEndpoint", EndpointName="e", EndpointConfigName="c")
    seen = set()
    while world.status("e") == "Updating":
        seen.add(numbers(world.invoke())[0])
    assert world.about("e")["EndpointConfigName"] == "d"
    assert numbers(world.invoke()) == [9, 9]
    assert seen <= {1, 9}
    worlds.until(lambda: len(instances(world)) == 1)


def test_an_update_that_fails_changes_nothing(world: World) -> None:
    world.model()
    world.model("bad", worlds.packed({"xgboost-model": b"no model"}))
    world.served(config=world.config("c"))
    world.config("d", {"ModelName": "bad"})
    world.ask("UpdateEndpoint", EndpointName="e", EndpointConfigName="d")
    found = world.until("e", "InService")
    assert found["EndpointConfigName"] == "c"
    assert "exited with code 1" in found["FailureReason"]
    assert world.invoke()["Body"]


def test_what_a_model_refuses_is_told_with_its_status_and_words(world: World) -> None:
    world.model()
    world.served(config=world.config("c"))
    with pytest.raises(InvocationError) as refused:
        world.invoke(ContentType="application/pdf")
    assert refused.value.status == 415
    assert refused.value.said
    assert "Received client error (415) from primary" in refused.value.what


def test_many_requests_at_once_are_all_answered(world: World) -> None:
    world.model()
    world.served(config=world.config("c", {"InitialInstanceCount": 2}))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda i: world.invoke(body=b"1,2\n" * (i % 7 + 1)), range(200)))
    assert [len(numbers(answer)) for answer in found] == [i % 7 + 1 for i in range(200)]


@pytest.mark.alone
def test_no_request_waits_for_what_was_sent_before_it(world: World) -> None:
    world.model()
    world.served(config=world.config("c"))
    took = []
    for _ in range(40):
        began = time.monotonic()
        world.invoke()
        took.append(time.monotonic() - began)
    assert sorted(took)[20] < 0.03  # headers and body in two packets take 40 ms where the second waits


def test_a_body_over_the_limit_is_refused(world: World) -> None:
    world.model()
    world.served(config=world.config("c"))
    with pytest.raises(RequestError, match="problem"):
        world.invoke(body=b"1" * (6 * 1024 * 1024 + 1))
