"""The clauses of the contract are kept by both runners, and one that is not kept is told."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import images
import pytest
import yaml

import shardr
from shardr._inst import inst
from shardr.api.conformance.clauses import ENDINGS, clauses
from shardr.api.conformance.served_clauses import served_clauses
from shardr.api.conformance.suite import suite
from shardr.errors import DataError, ImageError, NotFoundError, RunnerError

if TYPE_CHECKING:
    from shardr.api.conformance.verdict import ClauseResult

REPO = Path(__file__).parents[3]
ALL = {clause.id for clause in clauses()}
INFERENCE = {clause.id for clause in served_clauses() if clause.asks}
TRANSFORM = {clause.id for clause in served_clauses()} - INFERENCE


def broken(results: list[ClauseResult]) -> dict[str, str]:
    """What is wrong, by clause and language, in a form that pytest shows."""
    found = [result for result in results if not result.ok]
    return {f"{result.id} ({result.language})": "\n".join([*result.problems, *result.log]) for result in found}


def test_this_machine_keeps_every_clause_in_every_language_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("SM_HOSTS", "algo-1")
    results = shardr.conformance(runner="process")
    assert broken(results) == {}
    here = {"python", "r"} if shutil.which("Rscript") else {"python"}
    wanted = {(id, language) for id in ALL | INFERENCE for language in here} | {(id, "python") for id in TRANSFORM}
    assert {(result.id, result.language) for result in results} == wanted


def test_the_processing_image_keeps_every_clause_in_r(processing_image: str) -> None:
    results = shardr.conformance(processing_image)
    assert broken(results) == {}
    assert {(result.id, result.language) for result in results} == {(id, "r") for id in ALL}


def test_an_image_of_a_users_own_keeps_every_clause_in_python(docker_host: str) -> None:
    results = shardr.conformance(images.python_image())
    assert broken(results) == {}
    assert {(result.id, result.language) for result in results} == {(id, "python") for id in ALL}


def test_the_serving_image_keeps_the_clauses_of_inference_and_transform_as_docker_runs_it(docker_host: str) -> None:
    image = shardr.build_image("serving").uri
    wanted = [*sorted(INFERENCE), "transform-single", "transform-join"]
    results = shardr.conformance(image, clauses=wanted)
    assert broken(results) == {}
    assert sorted(result.id for result in results) == sorted(wanted)


def test_an_image_without_serve_is_no_server_and_that_is_told(processing_image: str) -> None:
    with pytest.raises(ImageError, match="has no command serve"):
        shardr.conformance(processing_image, clauses=["serve-ping"])
    with suite(processing_image, ids=["completed", "serve-ping"]) as opened:
        assert ["has no command serve" in note for note in opened.notes] == [True]
        assert [result.id for result in opened.results()] == ["completed"]


def changed(to: Path, changes: dict[str, dict[str, Any]]) -> Path:
    """A copy of the clauses, those that are named with other settings."""
    shutil.copytree(inst("conformance"), to)
    for file in (to / "clauses.yml", to / "served.yml"):
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        wanted = [{**about, **changes[about["id"]]} for about in told if about["id"] in changes]
        file.write_text(yaml.safe_dump(wanted), encoding="utf-8")
    return to


def tried(folder: Path) -> dict[str, ClauseResult]:
    with suite(runner="process", language="python", folder=folder) as opened:
        return {result.id: result for result in opened.results()}


@pytest.mark.parametrize(
    ("id", "then", "told"),
    [
        ("completed", {"status": "Failed"}, "status: expected Failed, found Completed"),
        ("exit-code", {"status": "Completed"}, "status: expected Completed, found Failed: AlgorithmError: algo-1"),
        (
            "exit-code",
            {"status": "Failed", "reason": "code 4"},
            "failure reason: expected code 4, found AlgorithmError",
        ),
        ("message-hosts", {"message": "algo-1;"}, "exit message: expected algo-1;, found algo-1;algo-2;"),
        ("output-empty", {"outputs": {"a.txt": None}}, "outputs: expected a.txt, found none"),
        ("output-links", {"outputs": {}}, "outputs: expected none, found kept.txt"),
        ("output-links", {"outputs": {"kept.txt": "left"}}, "output kept.txt: expected 'left', found 'kept'"),
        ("time-limit", {"status": "Stopped", "within": 0.1}, "end: expected within 0.1 s, found 1 s"),
    ],
)
def test_a_job_that_ends_otherwise_breaks_its_clause(tmp_path: Path, id: str, then: dict[str, Any], told: str) -> None:
    result = tried(changed(tmp_path / "clauses", {id: {"then": then}}))[id]
    assert not result.ok
    assert [problem[: len(told)] for problem in result.problems] == [told]


WRONG: dict[str, dict[str, Any]] = {
    "input-content": {"objects": {"in/a.csv": "id,name\n1,Zoë\n2,\t"}},
    "input-folders": {"objects": {"in/a.csv": "a"}},
    "input-prefix": {"inputs": {"in": "data/"}},
    "input-key": {"inputs": {"in": "data/"}},
    "input-manifest": {"inputs": {"in": "data/"}},
    "input-places": {"inputs": {"one": "one/", "two": "two/"}},
    "input-missing": {"objects": {"nothing/a.csv": "a"}},
    "code-place": {"command": {"python": ["sh", "-c", 'cp "$0" /tmp/code.py; python3 /tmp/code.py']}},
    "replicated": {"inputs": {"in": {"from": "in/", "sharded": True}}},
    "sharded": {"inputs": {"in": {"from": "in/"}}},
    "shard-empty": {"instances": 2},
    "peers": {"instances": 1, "command": {"python": ["timeout", "3", "python3"]}},
    "resourceconfig": {"instances": 3},
    "resourceconfig-order": {"instances": 10},
    "jobconfig-request": {"environment": {}},
    "jobconfig-defaults": {"request": {}},
    "entrypoint-alone": {"arguments": ["one"]},
    "arguments": {"arguments": ["two words"]},
    "arguments-empty": {"arguments": ["between"]},
    "arguments-many": {"arguments": [str(i) for i in range(1, 100)]},
    "environment": {"environment": {"SPACES": "a"}},
    "environment-clean": {"environment": {"SM_HOSTS": "algo-1"}},
    "stdin-empty": {"command": {"python": ["sh", "-c", 'echo more | python3 "$0"']}},
    "output-exists": {"output": "/opt/ml/processing/another/place"},
    "output-hosts": {"instances": 2},
    "one-fails": {"instances": 1},
    "stop-signal": {"stop": False, "request": {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}, "then": {}},
    "message-cut": {"instances": 2, "then": {"message": "a{2048}"}},
}


def test_a_program_that_finds_another_world_breaks_its_clause(tmp_path: Path) -> None:
    results = tried(changed(tmp_path / "clauses", WRONG))
    assert {id for id, result in results.items() if result.ok} == set()
    assert results.keys() == WRONG.keys()
    assert results["arguments"].problems[0].startswith("status: expected Completed, found Failed")
    assert results["arguments"].log[-1] == "algo-1 | AssertionError: ['two words']"


STREAMED_WRONG: dict[str, dict[str, Any]] = {
    "pipe": {
        "inputs": {
            "train": {"from": "in/a", "pipe": True},
            "big": {"from": "in/", "pipe": True},
            "packed": {"from": "packed/", "pipe": True},
            "wrapped": {"from": "plain/", "pipe": True},
            "mixed": {"from": "many/", "pipe": True},
            "alike": {"from": "many/", "pipe": True},
            "lines": {"from": "lines.jsonl", "pipe": True},
            "unread": "in/",
        }
    },
    "pipe-processing": {"inputs": {"in": {"from": "in/", "pipe": True, "path": "/opt/ml/processing/some/place"}}},
    "pipe-sharded": {"inputs": {"in": {"from": "in/", "pipe": True}}},
}


def test_of_clauses_that_one_job_tries_those_are_broken_that_are(tmp_path: Path) -> None:
    results = tried(changed(tmp_path / "clauses", STREAMED_WRONG))
    assert {id for id, result in results.items() if result.ok} == {"pipe-fifo"}
    assert results.keys() == {id for id in ALL if id.startswith(("pipe-", "fast-"))}
    assert results["pipe-order"].problems == tuple(
        f"what {host} says of it: expected kept, found b'twothree'" for host in ("algo-1", "algo-2")
    )


def test_one_clause_of_a_job_that_tries_many_can_be_asked_for() -> None:
    [result] = shardr.conformance(runner="process", language="python", clauses=["pipe-gzip"])
    assert (result.id, result.ok) == ("pipe-gzip", True)


SERVED_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "serve-rows": (
        {"asks": [{"post": "/invocations", "body": "a", "type": "text/csv", "answer": "B\n"}]},
        r"answer of POST /invocations: expected 'B\n', found 'A\n'",
    ),
    "serve-type": (
        {"asks": [{"post": "/invocations", "body": "a", "type": "image/png", "status": 400}]},
        "status of POST /invocations: expected 400, found 415: ",
    ),
    "serve-ping": ({"asks": [{"get": "/ping", "within": 0.0}]}, "answer of GET /ping: expected within 0 s"),
    "transform-single": ({"request": {}}, r"output a.csv.out: expected '1\n1\n1\n', found '3\n3\n3\n'"),
    "transform-failed": ({"objects": {"a.csv": "a\nb\n"}}, "status: expected Failed, found Completed"),
    "transform-join": (
        {"request": {"DataProcessing": {"InputFilter": "nowhere"}}},
        "the job does not start: DataProcessing cannot be done as it is",
    ),
}


def test_a_server_or_a_transform_job_that_does_otherwise_breaks_its_clause(tmp_path: Path) -> None:
    results = tried(changed(tmp_path / "clauses", {id: change for id, (change, _) in SERVED_WRONG.items()}))
    assert {id: result.problems[0][: len(SERVED_WRONG[id][1])] for id, result in results.items()} == {
        id: words for id, (_, words) in SERVED_WRONG.items()
    }


def test_code_that_cannot_be_loaded_breaks_every_clause_of_inference_with_its_error(tmp_path: Path) -> None:
    folder = changed(tmp_path / "clauses", {"serve-start": {}, "serve-rows": {}})
    (folder / "served/inference.py").write_text("import notthere\n")
    results = tried(folder)
    for id in ("serve-start", "serve-rows"):
        assert (
            results[id].problems[0].startswith("status of the endpoint: expected InService, found Failed: AllTraffic")
        )
        assert any("No module named 'notthere'" in line for line in results[id].log)


def test_a_request_that_is_refused_breaks_its_clause(tmp_path: Path) -> None:
    folder = changed(tmp_path / "clauses", {"arguments": {"arguments": ["one\ntwo"]}, "completed": {}})
    results = tried(folder)
    assert results["arguments"].problems[0].startswith("the job does not start: The CreateProcessingJob request")
    assert results["completed"].ok


def test_ids_that_are_none_are_named_at_once_with_what_is_near() -> None:
    with pytest.raises(NotFoundError) as caught:
        shardr.conformance(runner="process", clauses=["argument", "arguments", "nonsense"])
    assert [problem.message for problem in caught.value.problems] == [
        '"argument" is no clause',
        '"nonsense" is no clause',
    ]
    assert "arguments" in str(caught.value.problems[0].fix)


def test_a_language_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match='in the language "julia"'):
        shardr.conformance(runner="process", language="julia")


def test_an_image_with_neither_language_is_told(docker_host: str) -> None:
    with pytest.raises(ImageError, match="debian:bookworm-slim has no Rscript and no python3"):
        shardr.conformance("debian:bookworm-slim")


def test_an_image_without_the_language_that_is_wanted_is_told(docker_host: str) -> None:
    with pytest.raises(ImageError, match="shardr-test/python has no Rscript"):
        shardr.conformance(images.python_image(), language="r")


def test_an_image_that_is_not_there_is_told_once(docker_host: str) -> None:
    with pytest.raises(ImageError, match="shardr-test/none"):
        shardr.conformance("shardr-test/none")


def test_the_process_runner_refuses_an_image() -> None:
    with pytest.raises(RunnerError, match="runs no image"):
        shardr.conformance("some:image", runner="process")


def test_every_clause_has_a_program_in_each_language_and_no_program_is_left_over() -> None:
    for language, ending in ENDINGS.items():
        there = {path.name for path in inst("conformance", language).iterdir() if path.suffix == f".{ending}"}
        assert there == {f"{clause.program or clause.id}.{ending}" for clause in clauses()}


def test_a_program_begins_with_the_sentence_of_its_clause() -> None:
    for clause in clauses():
        for language, ending in ENDINGS.items():
            if not clause.program:
                first = (
                    inst("conformance", language, f"{clause.id}.{ending}").read_text(encoding="utf-8").split("\n")[0]
                )
                assert re.sub(r'^(# |""")|"""$', "", first) == clause.clause


def test_the_page_lists_the_clauses_as_they_are() -> None:
    page = (REPO / "docs/conformance.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(REPO / "tools/conformance_page.py"))["page"]() == page
