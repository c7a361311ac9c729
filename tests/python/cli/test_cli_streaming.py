"""How far a channel in mode Pipe is, wherever people look at a job that runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cli_world import on_a_terminal
from worlds import SECRET, s3_over, until

import shardr as api
from shardr.cli.progress import watching
from shardr.engines.base import RunView, StepView
from shardr.engines.streaming import Streamed

if TYPE_CHECKING:
    import pytest
    from cli_world import Shell

SCRIPT = "exec 3< /opt/ml/input/data/train_0\nhead -c 2000000 <&3 > /dev/null\nsleep 60\n"
SPEC = """
name: stream
steps:
  - name: fit
    type: training
    code: half.sh
    inputs: [{name: train, source: big/, input_mode: Pipe}, {name: test, source: big/, input_mode: Pipe}]
"""
FAST = """
name: fast
steps:
  - name: fit
    type: training
    code: half.sh
    inputs: [{name: train, source: "s3://far/", input_mode: FastFile}]
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def drawn_until(shardr: Shell, run: str, told: bytes) -> str:
    """What a terminal shows of a run, which is stopped as soon as this is told."""
    seen: list[bool] = []

    def stop(written: bytes) -> bytes:
        if told in written and not seen:
            seen.append(True)
            shardr("stop", run)
        return b""

    return ESCAPE.sub("", on_a_terminal(shardr, "attach", run, press=stop, status=1))


def test_how_much_of_an_epoch_was_streamed_is_seen_while_the_job_runs(shardr: Shell) -> None:
    (shardr.folder / "big").mkdir()
    (shardr.folder / "big" / "zeros").write_bytes(bytes(6_000_000))
    (shardr.folder / "half.sh").write_text(SCRIPT)
    (shardr.folder / "stream.yml").write_text(SPEC)
    assert shardr("submit", "stream.yml", "--name", "stream").status == 0
    told = until(lambda: re.findall(r"    train (.*of epoch 0)", shardr("describe", "stream").out))
    assert re.fullmatch(r"[23]\.\d MB in 1 epoch, \d+(\.\d)? [kM]?B/s, ([345]\d) % of epoch 0", told[0])
    assert "    test not opened\n" in shardr("describe", "stream").out
    head, line = shardr("jobs").out.splitlines()
    assert head.endswith("started  streaming")
    assert re.search(r"train \d\d % of epoch 0, test not opened$", line)
    run = api.Run("stream")
    assert re.search(r"fit InProgress train \d\d % of epoch 0 test not opened\)", repr(run))
    assert re.search(r"<p>fit: train \d\d % of epoch 0</p>", run._repr_html_())
    sent = run.to_dict()["steps"][0]["streamed"]["train"]
    assert (sent["epochs"], sent["epoch_size"]) == (1, 6_000_000)
    assert 2_000_000 <= sent["epoch_bytes"] == sent["bytes"] < 4_000_000
    drawn = drawn_until(shardr, "stream", b"of epoch 0")
    assert re.search(r"fit  InProgress  0/1 instances, [\d.]+ s  train ━{3,6}─{4,7} \d\d % of epoch 0, [\d.]+ ", drawn)


def test_how_much_has_come_from_s3_is_seen_while_the_job_runs(
    shardr: Shell, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shardr.folder / "half.sh").write_text("cat /opt/ml/input/data/train/a > /dev/null; echo read; exec sleep 60\n")
    (shardr.folder / "fast.yml").write_text(FAST)
    folder = tmp_path_factory.mktemp("s3")
    (folder / "far").mkdir()
    for name in ("a", "b"):
        (folder / "far" / name).write_bytes(bytes(900_000))
    with s3_over(folder) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        assert shardr("submit", "fast.yml", "--name", "fast").status == 0
        until(lambda: "train 900.0 kB of 1.8 MB from S3" in shardr("describe", "fast").out)
        assert re.search(r"train 50 % from S3$", shardr("jobs").out.splitlines()[1])
        run = api.Run("fast")
        assert re.search(r"<p>fit: train 50 % from S3</p>", run._repr_html_())
        assert run.to_dict()["steps"][0]["downloaded"] == {"train": {"bytes": 900_000, "of": 1_800_000}}
        drawn = drawn_until(shardr, "fast", b"from S3")
    assert re.search(r"fit  InProgress  0/1 instances, [\d.]+ s  train ━{5}─{5} 50 % from S3 \(1.8 MB\)", drawn)


def test_without_a_terminal_it_is_a_plain_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed = {"train": Streamed(2_500_000, 1_200_000.0, 2, 500_000, 2_000_000), "test": Streamed(0, 0.0, 0, 0, None)}
    step = StepView("fit", "fit", "InProgress", 1, None, None, 3.0, {}, None, ["fit"], [], streamed=streamed)
    view = RunView("run", "run", "InProgress", "2026-11-26T00:00:00+00:00", "process", "", [step])
    with watching() as watch:
        watch(view)
        watch(view)
        monkeypatch.setattr("shardr.cli.progress.STREAM_SECONDS", 0)
        watch(view)
    assert capsys.readouterr().err.splitlines() == [
        "fit: InProgress, 0/1 instances, 3.0 s",
        "fit: train 25 % of epoch 1, 1.2 MB/s",
    ]
