"""A model that is served, by R and by Python: the same answers, and what happens when things go wrong."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import worlds
from serving_world import Served, model, serving, start

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ["R", "py"]
SLOW_SECONDS = 1.0


@pytest.fixture(scope="module", params=LANGUAGES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = model(tmp_path_factory.mktemp("served") / "opt ml", request.param, seconds=SLOW_SECONDS)
    with serving(folder, request.param) as found:
        yield found


def test_rows_get_answers_in_their_order_in_the_form_of_the_request(served: Served) -> None:
    assert [float(line) for line in served.ask("1\n2.5\n")[1].splitlines()] == [5, 8]
    answer = served.ask('{"instances": [[1], [2.5]]}', "application/json")
    assert json.loads(answer.text) == {"predictions": [5, 8]}
    assert answer.headers["content-type"] == "application/json"
    lines = served.ask('{"x": 1}\n{"x": 2.5}\n', "application/jsonlines", accept="text/csv")
    assert ([float(line) for line in lines.text.splitlines()], lines.headers["content-type"]) == ([5, 8], "text/csv")


ECHO = {
    "R": 'columns <- "x"\npredict_fn <- function(model, data) data$x\n',
    "py": 'columns = ["x"]\ndef predict_fn(model, data):\n    return [row["x"] for row in data]\n',
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_doubles_come_back_to_the_bit_in_every_form(tmp_path: Path, language: str) -> None:
    given = [0.1 + 0.2, 1 / 3, -2.5, 4.432669366628741e120, 5e-324, 1.7976931348623157e308, 2.0**53 + 2]
    body = json.dumps({"instances": [[x] for x in given]})
    with serving(model(tmp_path / "ml", language, ECHO[language]), language) as served:
        assert json.loads(served.ask(body, "application/json").text) == {"predictions": given}
        for form, read in (("application/jsonlines", json.loads), ("text/csv", float)):
            answer = served.ask(body, "application/json", accept=form)
            assert [read(line) for line in answer.text.splitlines()] == given


def test_ping_says_nothing_and_batches_hear_how_many_at_a_time(served: Served) -> None:
    assert served.ping()[:2] == (200, "")
    told = served.ask(None, path="/execution-parameters")
    assert json.loads(told.text) == {"MaxConcurrentTransforms": 2, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        (("1\n2,3\n",), 400, "line 2: expected 1 cell as in line 1, found 2"),
        (("",), 400, "the request has no records"),
        (("[1", "application/json"), 400, "line 1: no JSON"),
        ((b"1\n\xff\n",), 400, "line 2: not in UTF-8"),
        (("x", "image/png"), 415, "the content type image/png is not read here"),
        (("x", "application/x-recordio-protobuf"), 400, "record 1: the file ends within the frame"),
        (("1\n", "text/csv", "image/png"), 406, "image/png is not answered"),
        (("-5\n",), 500, "no such luck"),
        (("-6\n1\n",), 500, "predict_fn() gave 0 predictions for 2 rows"),
        (("1\n", "text/csv", "", "/elsewhere"), 404, "there is no /elsewhere"),
    ],
)
def test_a_request_that_cannot_be_answered_gets_a_status_and_one_line(
    served: Served, asked: tuple[str, ...], status: int, told: str
) -> None:
    answer = served.ask(*asked)
    assert (answer.status, answer.text.count("\n")) == (status, 1)
    assert told in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_caller_that_stays_does_not_wait_for_delayed_acknowledgements(served: Served) -> None:
    connection = served.connection()
    seconds = sorted(served.ask("1\n", through=connection).seconds for _ in range(50))
    connection.close()
    assert seconds[25] < 0.03  # plumber alone: 0.044


def test_ping_does_not_wait_behind_predictions(served: Served) -> None:
    slow = threading.Thread(target=served.at_once, args=(["-1\n"] * 4,))
    slow.start()
    time.sleep(0.2)
    pings = [served.ping() for _ in range(20)]
    assert slow.is_alive()
    slow.join()
    assert {ping.status for ping in pings} == {200}
    assert max(ping.seconds for ping in pings) < SLOW_SECONDS / 4


def test_a_prediction_whose_worker_dies_is_made_by_another(served: Served) -> None:
    assert served.ask("-3\n").status == 200
    time.sleep(1)
    assert {answer.status for answer in served.at_once(["1\n"] * 4)} == {200}


def test_a_request_that_no_worker_survives_gets_503_and_the_server_lives_on(served: Served) -> None:
    answer = served.ask("-2\n")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "the worker ended before it had an answer: try again" in answer.text
    worlds.until(lambda: served.ask("1\n").status == 200, 10)
    assert served.ask("1\n").status == 200
    assert "another takes its place" in served.log.read_text()


def test_outside_a_container_only_this_machine_reaches_the_server(served: Served) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    places = {words[1] for words in listening if words[3] == "0A" and words[1].endswith(f":{served.port:04X}")}
    assert {place.partition(":")[0] for place in places} == {"0100007F"}, "127.0.0.1"


def test_what_is_far_too_large_is_refused_and_not_kept(tmp_path: Path) -> None:
    with serving(model(tmp_path / "ml", "py"), "py") as served:
        pieces = (bytes(1 << 20) for _ in range(300))
        connection = served.connection()
        connection.request(
            "POST", "/invocations", pieces, {"Content-Type": "text/csv", "Content-Length": str(300 << 20)}
        )
        assert connection.getresponse().status == 413
        connection.close()
        status = Path(f"/proc/{served.process.pid}/status").read_text()
        peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        assert peak_kb < 100_000
        assert served.ask("1\n").status == 200


def test_metrics_count_requests_by_status(served: Served) -> None:
    def counts() -> dict[str, float]:
        time.sleep(0.6)  # workers of R write theirs down now and then
        lines = served.ask(None, path="/metrics").text.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    before = counts()
    for _ in range(3):
        served.ask("1\n")
    served.ask("1,2,3\n4\n")
    after = counts()
    name = 'shardr_requests_total{{status="{}"}}'.format
    assert after[name("2xx")] - before[name("2xx")] == 3
    assert after[name("4xx")] - before[name("4xx")] == 1
    assert after["shardr_request_seconds_sum"] > before["shardr_request_seconds_sum"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_requests_past_the_queue_are_sent_away(tmp_path: Path, language: str) -> None:
    with serving(model(tmp_path / "ml", language), language, SHARDR_WORKERS="1", SHARDR_QUEUE="1") as served:
        answers = served.at_once(["-1\n"] * 5)
        assert sorted(answer.status for answer in answers) == [200, 200, 503, 503, 503]
        refused = next(answer for answer in answers if answer.status == 503)
        assert refused.headers["retry-after"] == "1"
        assert "too many requests wait already" in refused.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_worker_that_has_grown_is_replaced(tmp_path: Path, language: str) -> None:
    settings = {"SHARDR_WORKERS": "1", "SHARDR_WORKER_MEMORY_MB": "100"}
    with serving(model(tmp_path / "ml", language), language, **settings) as served:
        before = served.ask("-7\n").text
        assert served.ask("-4\n").status == 200
        time.sleep(2)
        assert served.ask("-7\n").text != before
        assert "has grown by more than 100 MB" in served.log.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sigterm_lets_what_runs_be_answered_and_tells_what_was_done(tmp_path: Path, language: str) -> None:
    with serving(model(tmp_path / "ml", language, seconds=2), language) as served:
        answers: list[int] = []
        slow = threading.Thread(target=lambda: answers.append(served.ask("-1\n").status))
        slow.start()
        time.sleep(0.5)
        assert served.stop() == 0
        slow.join()
        assert answers == [200]
        assert "answered 1 requests: 1 with 2xx" in served.log.read_text()


def test_a_stop_is_heard_while_the_server_in_front_still_starts(tmp_path: Path) -> None:
    slow = tmp_path / "bin" / "nginx"
    slow.parent.mkdir()
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    slow.write_text(f"#!/bin/sh\ntrap '' QUIT\n: > {tmp_path}/starting\nsleep 1\nexec {nginx} \"$@\"\n")
    slow.chmod(0o755)
    served = start(model(tmp_path / "ml", "R"), "R", PATH=f"{slow.parent}:{os.environ['PATH']}")
    worlds.until((tmp_path / "starting").exists, 60)
    assert served.stop() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prediction_that_hangs_is_ended_and_the_next_is_answered(tmp_path: Path, language: str) -> None:
    settings = {"SHARDR_WORKERS": "1", "SAGEMAKER_MODEL_SERVER_TIMEOUT": "1"}
    with serving(model(tmp_path / "ml", language, seconds=20), language, **settings) as served:
        for _ in "12":  # also when the worker that hangs has taken the place of one that did
            answer = served.ask("-1\n")
            assert (answer.status, answer.text) == (504, "there was no answer within 1 seconds\n")
            time.sleep(1.5)
            assert served.ask("1\n").status == 200


@pytest.mark.parametrize(
    ("language", "code", "told"),
    [
        ("R", 'stop("no such file")', "no such file"),
        ("R", "x <- 1", "does not define `predict_fn(model, data)`"),
        ("py", 'raise OSError("no such file")', "OSError: no such file"),
        ("py", "x = 1", "does not define predict_fn(model, data)"),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_server_with_the_reason(
    tmp_path: Path, language: str, code: str, told: str
) -> None:
    served = start(model(tmp_path / "ml", language, code), language)
    assert served.process.wait(timeout=30) == 1
    assert told in served.log.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_code_it_is_told_where_it_belongs(tmp_path: Path, language: str) -> None:
    (tmp_path / "ml").mkdir()
    served = start(tmp_path / "ml", language)
    assert served.process.wait(timeout=30) == 1
    assert "code/predict." in served.log.read_text()


OWN = {
    "R": """
model_fn <- function(dir) basename(dir)
input_fn <- function(body, content_type) if (body == "bad") stop("not this") else list(body, content_type)
predict_fn <- function(model, data) c(model, unlist(data))
output_fn <- function(prediction, accept) list(paste(prediction, collapse = "|"), "text/x-own")
""",
    "py": """
def model_fn(model_dir): return model_dir.rpartition("/")[2]
def input_fn(body, content_type):
    if body == "bad": raise ValueError("not this")
    return [body, content_type]
def predict_fn(input_data, model): return [model, *input_data]
def output_fn(prediction, accept): return "|".join(prediction), "text/x-own"
""",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_users_own_functions_take_the_place_of_all_others(tmp_path: Path, language: str) -> None:
    with serving(model(tmp_path / "ml", language, OWN[language], name="inference"), language) as served:
        answer = served.ask("a,b", "text/own")
        assert (answer.text, answer.headers["content-type"]) == ("model|a,b|text/own", "text/x-own")
        assert served.ask("bad", "text/own")[:2] == (400, "not this\n")


PLUMBER = """
slope <- readRDS(file.path(Sys.getenv("SHARDR_BASE_DIR"), "model", "model.rds"))$a
#* @get /ping
function() ""
#* @post /invocations
#* @serializer text
#* @parser text
function(req) paste(as.numeric(strsplit(req$body, ",")[[1]]) * slope, collapse = ",")
#* @get /execution-parameters
#* @serializer unboxedJSON
function() list(MaxConcurrentTransforms = 7)
"""


def test_a_plumber_file_runs_as_it_is(tmp_path: Path) -> None:
    with serving(model(tmp_path / "ml", "R", PLUMBER, name="plumber"), "R") as served:
        assert served.ask("1,2,4", "text/plain")[:2] == (200, "2,4,8")
        assert json.loads(served.ask(None, path="/execution-parameters").text) == {"MaxConcurrentTransforms": 7}
