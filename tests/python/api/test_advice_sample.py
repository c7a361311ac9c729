"""Samples: a part of the data that a spec runs on as on the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import worlds

import shardr
from shardr.api.advice.sample import Sampler
from shardr.engines.local import LocalEngine
from shardr.spec.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.api.advice.sample import Sample

SHARDED = {"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"}


def sampler(folder: Path, *inputs: dict[str, Any]) -> Sampler:
    spec = worlds.one_step(folder, ":", inputs=list(inputs))
    return Sampler(load(spec, base=folder), LocalEngine())


def seen(folder: Path, sample: Sample) -> dict[str, str]:
    """What a job on the sample reads, by file."""
    spec = sample.loaded.pipeline
    copied = spec.model_copy(update={"runner": "process"})
    done = shardr.run(copied, base=sample.loaded.base)
    return {path.name: path.read_text() for path in done.files("work", "out")}


COPY = "cp -r /opt/ml/processing/input/raw/. /opt/ml/processing/output/out/"


def test_of_many_files_every_fourth_is_taken_as_it_is(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 64)
    spec = worlds.one_step(tmp_path, COPY, inputs=[SHARDED])
    found = Sampler(load(spec, base=tmp_path), LocalEngine()).sample(4, tmp_path / "sample")
    assert found.whole
    names = [f"part-{i:02}.csv" for i in range(0, 64, 4)]
    assert seen(tmp_path, found) == {name: (data / name).read_text() for name in names}
    assert found.bytes == sum((data / name).stat().st_size for name in names)


def test_of_few_files_the_first_records_of_each_are_taken_with_their_header(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 2, rows=100)
    spec = worlds.one_step(tmp_path, COPY, inputs=[SHARDED])
    found = Sampler(load(spec, base=tmp_path), LocalEngine()).sample(4, tmp_path / "sample")
    read = seen(tmp_path, found)
    for name, text in read.items():
        assert (data / name).read_text().startswith(text)
        assert 24 <= len(text.splitlines()) - 1 <= 28
    assert found.bytes == sum(len(text) for text in read.values())


def test_beside_data_that_is_divided_what_everybody_gets_stays_whole(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 2, rows=100)
    worlds.files(tmp_path / "codes", 1, rows=50)
    found = sampler(tmp_path, SHARDED, {"name": "codes", "source": "codes/"})
    assert found.bytes == sum(path.stat().st_size for path in (tmp_path / "data").iterdir())
    sample = found.sample(16, tmp_path / "sample")
    again = Sampler(sample.loaded, LocalEngine())
    assert again.sizes("work", "codes") == [("part-00.csv", (tmp_path / "codes/part-00.csv").stat().st_size)]
    assert sum(size for _, size in again.sizes("work", "raw")) == sample.bytes < found.bytes / 10


def test_data_that_two_steps_read_is_counted_once(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 2, rows=100)
    spec = worlds.one_step(tmp_path, ":", inputs=[SHARDED])
    spec["steps"].append({**spec["steps"][0], "name": "again", "depends_on": "work"})
    found = Sampler(load(spec, base=tmp_path), LocalEngine())
    assert found.bytes == sum(path.stat().st_size for path in data.iterdir())
    assert found.files == 2
    assert found.sample(2, tmp_path / "sample").bytes == pytest.approx(found.bytes / 2, rel=0.05)


def test_few_files_that_are_no_tables_are_refused_and_say_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "model.rds").write_bytes(b"x" * 1000)
    with pytest.raises(shardr.DataError, match=r"model\.rds.*\n.*tables alone.*\n.*64 files"):
        sampler(tmp_path, SHARDED).sample(4, tmp_path / "sample")


def test_a_spec_that_reads_nothing_has_no_sample(tmp_path: Path) -> None:
    with pytest.raises(shardr.DataError, match="nothing to take a sample of"):
        sampler(tmp_path)


def test_a_destination_of_the_users_is_not_written_to(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 64)
    spec = worlds.one_step(tmp_path, COPY, inputs=[SHARDED], outputs=[{"name": "out", "destination": "mine/"}])
    found = Sampler(load(spec, base=tmp_path), LocalEngine()).sample(4, tmp_path / "sample")
    seen(tmp_path, found)
    assert not (tmp_path / "mine").exists()
