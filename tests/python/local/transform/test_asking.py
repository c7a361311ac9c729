"""Requests of a transform job in bad weather: a model that refuses, is slow, hangs, or loses its workers."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from runtime.serving.serving_world import model, serving

from shardr.local.runners.doors import Door
from shardr.local.transform.asking import Asker
from shardr.local.transform.settings import settings
from shardr.local.transform.share import Object, Share

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.serving.serving_world import Served

# a line says what to do with it: ok N, late N SECONDS, storm N TIMES, dies N, bad N, hangs
CODE = """
import os, pathlib, time
from shardr.runtime.serving import RequestError
here = pathlib.Path(__file__).parent
def model_fn(dir): return None
def times(name):
    with (here / name).open("a") as file:
        file.write("x")
    return (here / name).stat().st_size
def predict_fn(model, data):
    what, number, *more = data[0]
    asked = times(f"{what}-{number}")
    if what == "late": time.sleep(float(more[0]))
    if what == "hangs": time.sleep(6)
    if what == "storm" and asked <= more[0]: raise RequestError(503, "too much at once")
    if what == "dies" and asked == 1: os.kill(os.getpid(), 9)
    if what == "down": raise RequestError(500, "no answer to " + "this " * 100)
    if what == "bad": raise RequestError(400, "that is no record")
    return [number]
"""


@dataclass(frozen=True)
class ByPort(Door):
    """The way to a server that has another port than those in instances."""

    port: int = 0

    def connect(self, seconds: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)


@dataclass
class Weather:
    """A model, and objects to ask it about."""

    folder: Path
    served: Served

    def share(self, texts: dict[str, str], concurrent: int = 1, **client: Any) -> Share:
        """The objects of an instance, each record in a request of its own."""
        request = {
            "TransformInput": {"ContentType": "text/csv", "SplitType": "Line"},
            "TransformOutput": {"AssembleWith": "Line"},
            "BatchStrategy": "SingleRecord",
            "MaxConcurrentTransforms": concurrent,
            "ModelClientConfig": client,
        }
        how = settings(request, {})
        objects = []
        for name, text in texts.items():
            (self.folder / name).write_text(text)
            objects.append(Object(name, self.folder / name, self.folder / f"out/{name}.out"))
        return Share(objects, Asker(ByPort(port=self.served.port), how), how, lambda: False)

    def through(self, texts: dict[str, str], concurrent: int = 1, **client: Any) -> dict[str, str]:
        """Why objects have no answer."""
        share = self.share(texts, concurrent, **client)
        share.through(lambda: None)
        return share.done.failures

    def out(self) -> dict[str, list[int]]:
        return {
            path.name.removesuffix(".out"): [int(line) for line in path.read_text().split()]
            for path in (self.folder / "out").iterdir()
        }

    def asked(self, what: str) -> int:
        """How often the model was asked this."""
        return (self.folder / "ml/model/code" / what).stat().st_size


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served]]:
    folder = tmp_path_factory.mktemp("weather")
    with serving(model(folder / "ml", "py", CODE), "py", SHARDR_WORKERS="4") as served:
        yield folder, served


@pytest.fixture
def weather(server: tuple[Path, Served]) -> Weather:
    folder, served = server
    for path in [*folder.glob("out/*"), *folder.glob("ml/model/code/*-*")]:
        path.unlink()
    (folder / "out").mkdir(exist_ok=True)
    return Weather(folder, served)


def test_a_storm_of_errors_uneven_times_and_dying_workers_change_neither_answers_nor_their_order(
    weather: Weather,
) -> None:
    kinds = ["ok,{}", "late,{},0.05", "storm,{},2", "ok,{}", "late,{},0.2", "dies,{}"]
    lines = [kinds[i % len(kinds)].format(i) for i in range(36)]
    texts = {"a": "\n".join(lines[:30]), "b": "\n".join(lines[30:])}
    assert weather.through(texts, concurrent=4) == {}
    assert weather.out() == {"a": list(range(30)), "b": list(range(30, 36))}
    assert weather.asked("storm-2") == 3


def test_a_record_that_never_has_an_answer_is_asked_as_often_as_is_said_and_named_with_what_was_told(
    weather: Weather,
) -> None:
    texts = {"bad": "ok,1\nok,2\ndown,3\nok,4\n", "good": "ok,5\n", "refused": "bad,6\n"}
    failures = weather.through(texts, InvocationsMaxRetries=1)
    told = "no answer to " + "this " * 100
    begun, _, excerpt = failures.pop("bad").partition("algorithm: 500: ")
    assert begun == "record 3: Bad HTTP status received from "
    assert excerpt.endswith("…")
    assert len(excerpt) == 200
    assert told.startswith(excerpt[:-1])
    assert failures == {"refused": "record 1: Bad HTTP status received from algorithm: 400: that is no record"}
    assert weather.out() == {"good": [5]}
    assert [weather.asked(what) for what in ("down-3", "bad-6")] == [2, 1], "what is refused is not asked again"


def test_an_answer_that_takes_too_long_fails_its_object_alone(weather: Weather) -> None:
    begun = time.monotonic()
    texts = {"slow": "ok,1\nlate,2,5\n", "quick": "ok,3\n"}
    failures = weather.through(texts, InvocationsTimeoutInSeconds=1, InvocationsMaxRetries=1)
    assert failures == {"slow": "record 2: Unable to get response from algorithm: no answer within 1 seconds"}
    assert weather.out() == {"quick": [3]}
    assert 2 < time.monotonic() - begun < 4


def test_an_answer_in_drops_takes_no_longer_than_one_that_hangs(tmp_path: Path) -> None:
    def drip(server: socket.socket) -> None:
        with server.accept()[0] as caller:
            caller.recv(1 << 16)
            caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            with suppress(OSError):  # the caller has hung up
                for _ in range(50):
                    caller.sendall(b"x")
                    time.sleep(0.2)

    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        client = {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0}
        how = settings({"TransformInput": {}, "TransformOutput": {}, "ModelClientConfig": client}, {})
        begun = time.monotonic()
        with pytest.raises(Exception, match="no answer within 1 seconds"):
            Asker(ByPort(port=server.getsockname()[1]), how).ask(b"1")
        assert time.monotonic() - begun < 3
        dripping.join()


@pytest.mark.alone
def test_whoever_ends_does_not_wait_for_what_hangs(weather: Weather) -> None:
    share = weather.share({"a": "ok,1\n" + "hangs,2\n" * 5}, concurrent=3)
    going = threading.Thread(target=share.through, args=(lambda: None,))
    going.start()
    worlds.until((weather.folder / "ml/model/code/hangs-2").exists, 10)
    begun = time.monotonic()
    share.end()
    going.join(10)
    assert not going.is_alive()
    assert time.monotonic() - begun < 2


def test_the_container_says_how_it_wants_to_be_asked_where_the_job_does_not() -> None:
    told = json.loads('{"MaxConcurrentTransforms": 3, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2}')
    request: dict[str, Any] = {"TransformInput": {}, "TransformOutput": {}}
    said = settings(request, told)
    assert (said.concurrent, said.strategy, said.payload_bytes) == (3, "SingleRecord", 2 << 20)
    own = settings({**request, "MaxConcurrentTransforms": 5, "BatchStrategy": "MultiRecord", "MaxPayloadInMB": 1}, told)
    assert (own.concurrent, own.strategy, own.payload_bytes) == (5, "MultiRecord", 1 << 20)
