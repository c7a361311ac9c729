"""A training job is described as the service describes one, with its metrics, by the verb and in the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shardr
from shardr.cli.app import main
from shardr.requests.check import check_response

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_training_job_is_described_with_its_metrics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train.sh").write_text("echo '[shardr] rmse=0.25'; echo 1 > /opt/ml/model/one")
    step = {"name": "train", "type": "training", "code": "train.sh", "metrics": "rmse"}
    run = shardr.run({"name": "job", "steps": [step]}, base=tmp_path)
    assert run.status == "Completed", run.step("train").failure
    job = str(run.step("train").job)
    found = shardr.describe(job)
    assert found["TrainingJobStatus"] == "Completed"
    assert found["Shardr"]["hosts"]["algo-1"]["exit_code"] == 0
    assert check_response("DescribeTrainingJob", {key: found[key] for key in found if key != "Shardr"}) == []
    for id in (job, run.id):
        assert main(["describe", id]) == 0
        told = capsys.readouterr()
        assert job in told.out
        assert "rmse 0.25" in told.out
