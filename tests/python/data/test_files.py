"""Bytes arrive as they were; files appear whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from shardr.data.files import copy_range, workplace
from shardr.data.merge import merge
from shardr.data.split import split
from shardr.errors import DataError


@pytest.mark.parametrize("folder", ["/dev/shm", None], ids=["another file system", "the same file system"])
@pytest.mark.parametrize(("offset", "count"), [(0, 10), (3, 4), (3_000_000, 1_500_000), (9, 0), (3_999_990, 100)])
def test_a_range_is_appended_also_across_file_systems(
    tmp_path: Path, folder: str | None, offset: int, count: int
) -> None:
    if folder and not Path(folder).is_dir():
        pytest.skip(f"needs a second file system to copy to: {folder}")
    content = os.urandom(4_000_000)
    (tmp_path / "source").write_bytes(content)
    with TemporaryDirectory(dir=folder) as other:
        target = Path(other) / "target"
        with (tmp_path / "source").open("rb") as source, target.open("wb") as out:
            out.write(b"front")
            out.flush()
            copy_range(source.fileno(), out.fileno(), offset, count)
            out.write(b"back")
        assert target.read_bytes() == b"front" + content[offset : offset + count] + b"back"


def test_what_stays_in_a_workplace_is_gone(tmp_path: Path) -> None:
    with workplace(tmp_path / "new", make=True) as folder:
        (folder / "kept").write_text("x")
        (folder / "left").write_text("x")
        (folder / "kept").replace(tmp_path / "new" / "kept")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["kept"]


@pytest.mark.parametrize("missing", ["to", "x.csv"], ids=["nothing there", "a file there"])
def test_a_folder_that_is_not_there_is_named_and_not_made(make, tmp_path: Path, missing: str) -> None:
    """A slip of the pen would make folders all over the disk; only the last one, for new shards, is made."""
    source, folder = make("x.csv", "a,b\n1,2\n"), tmp_path / missing
    said = rf"There is no folder {folder}\n[\s\S]*make it first"
    with pytest.raises(DataError, match=said):
        merge([source], folder / "y.csv")
    with pytest.raises(DataError, match=said):
        split(source, 2, folder / "shards")
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    "verb", ["split(source, 2, to)", "merge([source], to / 'y.csv')", "merge([source], to / 'y.parquet')"]
)
def test_a_disk_that_takes_no_more_is_said_to_and_nothing_half_written_stays(make, tmp_path: Path, verb: str) -> None:
    """The system's limit on the size of a file stands for the disk."""
    source = make("x.csv", "a,b\n" + "".join(f"{k},{k * k}\n" for k in range(50_000)))
    program = (
        "import resource, sys\nfrom pathlib import Path\nimport pyarrow.parquet\n"
        "from shardr.data.merge import merge\nfrom shardr.data.split import split\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "source, to = Path(sys.argv[1]), Path(sys.argv[2])\n" + verb
    )
    to = tmp_path / "to"
    to.mkdir()
    done = subprocess.run([sys.executable, "-c", program, source, to], capture_output=True, text=True, check=False)
    assert f"DataError: Cannot write in {to}\n  why: File too large" in done.stderr
    assert list(to.iterdir()) == []
