"""Parity: real runs in both runners, and exactly the differences that there are."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from worlds import IN, OUT, one_step

import shardr
from shardr.api.parity.difference import Difference, cut, gathered
from shardr.api.parity.files import first_difference
from shardr.api.parity.sight import read_sight, sight_notes
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BASE = "debian:bookworm-slim"
OF_OUR_IMAGES = ["LANG", "R_ENVIRON_USER", "R_LIBS", "R_PROFILE_USER", "TZ"]
"""Variables that a plain Debian lacks."""


@pytest.fixture
def compare(tmp_path: Path, docker_host: str, request: pytest.FixtureRequest) -> Callable[..., shardr.Parity]:
    """The parity of a step that runs these lines, by default in the image ``processing``."""

    def compared(body: str, name: str = "script.sh", image: str = "", **fields: Any) -> shardr.Parity:
        image = image or request.getfixturevalue("processing_image")
        return shardr.parity(one_step(tmp_path, body, name, image=image, **fields), base=tmp_path)

    return compared


@pytest.fixture
def image_of(docker_host: str) -> Iterator[Callable[[str], str]]:
    """Makes an image by these lines on top of the base; all are gone afterwards."""
    client, made = connect(), []

    def build(lines: str) -> str:
        made.append(f"shardr-test/parity:{len(made)}")
        text = io.BytesIO(f"FROM {BASE}\n{lines}\n".encode())
        answer = list(client.build(fileobj=text, tag=made[-1], rm=True, forcerm=True, decode=True))
        assert not [line for line in answer if "error" in line]
        return made[-1]

    yield build
    for image in made:
        client.remove_image(image, force=True)


def told(found: shardr.Parity) -> list[tuple[Any, ...]]:
    return [(one.instance, one.what, one.process, one.docker) for one in found.differences]


def test_the_bank_example_has_no_difference(tmp_path: Path, processing_image: str) -> None:
    found = shardr.parity(shardr.example("bank-marketing", tmp_path / "bank") / "job.yml", instances=3)
    assert (processing_image, found.same, found.differences) == ("shardr/processing:latest", True, [])
    assert found.compared == {"steps": 2, "instances": 4, "files": 7, "looks": 4}
    for run, runner in ((found.process, "process"), (found.docker, "docker")):
        view = shardr.Run(run).view
        assert (view.status, view.runner, run.endswith(f"-{runner}")) == ("Completed", runner, True)


def test_what_a_script_writes_of_who_it_is_differs_in_that_line(compare: Callable[..., shardr.Parity]) -> None:
    found = compare(f"echo same > {OUT}/a-$(hostname); (echo first; id -u) > {OUT}/$(hostname).txt", instance_count=2)
    us = os.getuid()
    differ = [(None, f"output out/algo-{i}.txt", f'line 2: "{us}"', 'line 2: "1000"') for i in (1, 2)]
    assert told(found) == (differ if us != 1000 else [])
    assert (f"work: user {us} in process, user 1000 in docker" in found.notes) == (us != 1000)


def test_a_script_that_lists_what_it_was_given_finds_the_same(
    tmp_path: Path, compare: Callable[..., shardr.Parity]
) -> None:
    worlds.files(tmp_path / "data" / "deep er", 3)
    inputs = [
        {"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"},
        {"name": "all", "source": "data/", "path": "/opt/ml/processing/more/all"},
    ]
    body = f"""
        find /opt/ml -not -path '{OUT}/*' -printf '%y %p\\n' | LC_ALL=C sort > {OUT}/$(hostname).txt
        pwd; cat {IN}/*/*; (cat /etc/hostname; hostname) > /opt/ml/output/message
    """
    found = compare(body, inputs=inputs, instance_count=2, environment={"OWN": "x y\nz"})
    assert (told(found), found.compared["looks"]) == ([], 2)


def test_of_a_training_step_the_files_of_its_model_its_metrics_and_its_instances_are_compared(
    tmp_path: Path, processing_image: str
) -> None:
    worlds.files(tmp_path / "data", 3)
    body = """
        mine=$SM_MODEL_DIR/$SM_CURRENT_HOST
        find /opt/ml -not -path '/opt/ml/model/*' -printf '%y %p\\n' | LC_ALL=C sort > $mine-found
        (echo first; id -u) > $mine-who
        mkdir -p /opt/ml/checkpoints; echo 1 > /opt/ml/checkpoints/$SM_CURRENT_HOST
        echo "[shardr] user=$(id -u)"; echo "[shardr] same=1"
        """
    step = {
        "name": "work", "type": "training", "code": worlds.script(tmp_path, body), "image": processing_image,
        "inputs": [{"name": "train", "source": "data/", "distribution": "ShardedByS3Key"}], "instance_count": 2,
        "checkpoints": True, "metrics": ["user", "same"], "hyperparameters": {"depth": 3},
    }  # fmt: skip
    found = shardr.parity({"name": "world", "steps": [step]}, base=tmp_path)
    us = os.getuid()
    differ = [(None, f"output model/algo-{i}-who", f'line 2: "{us}"', 'line 2: "1000"') for i in (1, 2)]
    differ.append((None, "metric user", f"{float(us)}", "1000.0"))
    assert told(found) == (differ if us != 1000 else [])
    assert (found.compared["instances"], found.compared["looks"]) == (2, 2)


def test_variables_and_folders_that_only_the_image_has_or_lacks_are_named(
    compare: Callable[..., shardr.Parity], image_of: Callable[[str], str]
) -> None:
    odd = image_of("RUN mkdir -p /opt/ml/code && echo own > /opt/ml/code/own.txt")
    found = compare(f'echo "${{LANG-none}}" > {OUT}/x.txt', image=odd, command=["/bin/sh"], environment={"MINE": "1"})
    values = {"LANG": "C.UTF-8", "TZ": "UTC"}
    assert told(found) == [
        (None, "output out/x.txt", 'line 1: "C.UTF-8"', 'line 1: "none"'),
        *[("algo-1", f"environment variable {name}", values.get(name, "set"), None) for name in OF_OUR_IMAGES],
        ("algo-1", "/opt/ml/code", None, "folder"),
        ("algo-1", "/opt/ml/code/own.txt", None, "file of 4 bytes"),
    ]


def test_a_step_that_fails_on_one_side_only_differs_in_how_it_ended(compare: Callable[..., shardr.Parity]) -> None:
    found = compare(f"python3 -c 'print(1)' > {OUT}/one.csv; echo done > /opt/ml/output/message", instance_count=1)
    status, code, failure, *rest = told(found)
    assert status == (None, "status", "Completed", "Failed")
    assert code == ("algo-1", "exit code", "0", "127")
    assert failure[:3] == (None, "failure", None)
    assert "python3: command not found" in failure[3]
    assert rest == [(None, "message", '"done\\n"', None), (None, "rows out", "0", None)]


def test_a_program_that_only_this_machine_has_is_a_difference(compare: Callable[..., shardr.Parity]) -> None:
    found = compare(f"open('{OUT}/x.txt', 'w').write('x')", "script.py", command=["python3"])
    status, code, failure = told(found)
    assert (status, code) == ((None, "status", "Completed", "Failed"), ("algo-1", "exit code", "0", None))
    assert 'the program \\"python3\\" is not in the image' in failure[3]


def test_what_fails_alike_is_no_difference_and_a_note(compare: Callable[..., shardr.Parity]) -> None:
    found = compare('stop("no customer in ", Sys.getenv("HOSTNAME"))', "script.R", instance_count=2)
    assert (told(found), "both runs are Failed" in found.notes) == ([], True)


def test_each_balanced_shard_is_compared_and_looked_into(tmp_path: Path, compare: Callable[..., shardr.Parity]) -> None:
    worlds.files(tmp_path / "data", 4, rows=3)
    inputs = [{"name": "raw", "source": "data/", "distribution": "balanced"}]
    body = f"cd {IN}; for f in *; do cp $f {OUT}/; done; grep -o 's3://[^\"]*' /opt/ml/config/processingjobconfig.json"
    found = compare(body, inputs=inputs, instance_count=2)
    assert (told(found), found.compared) == ([], {"steps": 1, "instances": 2, "files": 4, "looks": 2})


def test_an_image_without_a_shell_cannot_be_looked_into_and_that_is_no_difference(
    compare: Callable[..., shardr.Parity], image_of: Callable[[str], str]
) -> None:
    found = compare(f"echo 1 > {OUT}/x.txt", image=image_of("RUN rm /bin/sh"), command=["/bin/bash"])
    assert (told(found), found.compared["looks"]) == ([], 0)
    assert "work, algo-1: could not look in docker, which takes /bin/sh, cat and ls" in found.notes


def test_what_the_spec_sets_for_scripts_does_not_disturb_the_look(compare: Callable[..., shardr.Parity]) -> None:
    own = {"PATH": "/nowhere", "LS_COLORS": "x", "HOME": "/tmp", "HOSTNAME": "other", "LC_ALL": "C"}
    found = compare(f"echo 1 > {OUT}/x.txt", command=["/bin/bash"], environment=own, network_isolation=True)
    assert (told(found), found.compared["looks"], found.compared["files"]) == ([], 1, 1)


def test_a_place_of_the_users_is_left_alone(tmp_path: Path, compare: Callable[..., shardr.Parity]) -> None:
    found = compare(f"echo 1 > {OUT}/x.txt", outputs=[{"name": "out", "destination": "mine/"}])
    assert (told(found), (tmp_path / "mine").exists()) == ([], False)
    assert found.notes[0] == "work: output out went to a fresh place in each run, not to mine/"


def test_nothing_runs_when_a_runner_cannot_be_had(
    tmp_path: Path, docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = one_step(tmp_path, "true", image="nobody/made:this")
    with pytest.raises(shardr.ImageError, match="nobody/made:this"):
        shardr.parity(spec, base=tmp_path)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(shardr.RunnerError):
        shardr.parity(spec, base=tmp_path)
    assert shardr.jobs() == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n", ('line 2: "b"', 'line 2: "B"')),
        (b"a\n", b"a\nb\n", ("ends after line 1", 'line 2: "b\\n"')),
        (b"a\n", b"a", ('line 1: "a\\n"', 'line 1: "a"')),
        (b"a\r\n", b"a\n", ('line 1: "a\\r"', 'line 1: "a"')),
        (b"", b"\xff\n", ("ends after line 0", 'line 1: "\\\\xff\\n"')),
        (b"\0ab", b"\0aXY", ("3 bytes, other from byte 3", "4 bytes, other from byte 3")),
    ],
)
def test_the_first_difference_of_two_files_is_found(
    tmp_path: Path, one: bytes, other: bytes, expected: tuple[str, str]
) -> None:
    (tmp_path / "one").write_bytes(one)
    (tmp_path / "other").write_bytes(other)
    assert first_difference(tmp_path / "one", tmp_path / "other") == expected


def test_long_texts_are_cut_to_where_they_differ() -> None:
    one, other = cut("x" * 500 + "left" + "y" * 500, "x" * 500 + "right")
    assert (one[:3], one[-2:], other) == ('"…x', '…"', '"…' + "x" * 20 + 'right"')
    assert "xleftyy" in one


def test_what_all_instances_have_in_common_is_told_once() -> None:
    def differ(host: str, what: str) -> Difference:
        return Difference("a", host, what, None, "set")

    hosts = ["algo-1", "algo-2", "algo-3"]
    found = [differ(host, "TZ") for host in hosts] + [differ("algo-2", "X"), differ("algo-3", "X")]
    assert [(one.instance, one.what) for one in gathered(found, hosts)] == [(None, "TZ"), ("algo-2, algo-3", "X")]


SEEN = b"""
@@ environment
A=1\0LONG=two
lines=b\0
@@ working directory
/
@@ host name
algo-1
@@ standard input
empty
@@ user
dr-xr-xr-x    9 1000     1000             0 Nov 21 03:22 /proc/1

@@ listing
/opt/ml:
total 4
drwxr-xr-x    2 0        0             4096 Nov 21  2025 config
lrwxrwxrwx    1 0        0                9 Nov 21 03:22 a link -> /etc/x

/opt/ml/config:
-rw-r--r--    1 0        0               57 Nov 21 03:22 resourceconfig.json

@@ config /opt/ml/config/resourceconfig.json
{"job": "run-7"}
"""


def test_what_a_shell_told_is_read_to_its_end_or_not_at_all() -> None:
    sight = read_sight(SEEN + b"\n@@ end\n", lambda text: text.replace("run-7", "RUN"))
    assert sight is not None
    assert (sight.environment, sight.user) == ({"A": "1", "LONG": "two\nlines=b"}, "1000")
    assert sight.listing == {
        "/opt/ml/config": "folder",
        "/opt/ml/a link": "link to /etc/x",
        "/opt/ml/config/resourceconfig.json": "file",
    }
    assert sight.config == {"/opt/ml/config/resourceconfig.json": '{"job": "RUN"}\n'}
    assert read_sight(SEEN, str) is None
    assert list(sight_notes({("a", "algo-1"): (sight, None)})) == [
        "a, algo-1: could not look in docker, which takes /bin/sh, cat and ls"
    ]
