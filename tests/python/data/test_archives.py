"""Archives of models: packed the same from the same files, unpacked whole or not at all, and never outside."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from shardr.data import archive
from shardr.data.archive import pack, unpack
from shardr.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def folder(root: Path, files: dict[str, bytes]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        root.joinpath(name).write_bytes(content)
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def member(name: str, content: bytes = b"", **about: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in about.items():
        setattr(info, key, value)
    return info, content


def archived(path: Path, *members: tuple[tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=format) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


def refused(path: Path, *, lists: bool = True, **limits: int) -> str:
    before = set(path.parent.iterdir())
    with pytest.raises(DataError) as caught:
        unpack(path, path.parent / "out", **limits)
    assert set(path.parent.iterdir()) == before, "something stayed"
    assert bool(caught.value.problems) == lists
    return str(caught.value)


FILES = {"weights.bin": bytes(range(256)) * 9000, "a/b/c.json": b"{}", "empty": b"", ".hidden": b"x", "é/ü.txt": b"u"}


def test_what_is_packed_comes_back(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", FILES)
    (source / "a" / "b" / "c.json").chmod(0o700)
    names = pack({"algo-1": source}, tmp_path / "model.tar.gz")
    assert unpack(tmp_path / "model.tar.gz", tmp_path / "out") == names == sorted(FILES, key=os.fsencode)
    assert contents(tmp_path / "out") == FILES
    assert os.access(tmp_path / "out/a/b/c.json", os.X_OK)
    assert not os.access(tmp_path / "out/weights.bin", os.X_OK)


def test_tar_and_python_unpack_what_is_packed(tmp_path: Path) -> None:
    long = {f"{'d' * 120}/{'f' * 200}": b"long"}
    pack({"algo-1": folder(tmp_path / "model", FILES | long)}, tmp_path / "model.tar.gz")
    (tmp_path / "tar").mkdir()
    subprocess.run(
        ["tar", "xf", "model.tar.gz", "-C", "tar", "--warning=all"], cwd=tmp_path, check=True, stderr=subprocess.STDOUT
    )
    assert contents(tmp_path / "tar") == FILES | long
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        assert {info.name: tar.extractfile(info).read() for info in tar} == FILES | long  # type: ignore[union-attr]


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archives_of_every_format_are_unpacked(tmp_path: Path, format: int) -> None:
    name = "/".join(["deep" * 12] * (4 if format == tarfile.USTAR_FORMAT else 9))
    path = archived(
        tmp_path / "m.tar.gz", member("./"), member("./a//b.txt", b"1"), member("d/", type=tarfile.DIRTYPE),
        member(name, b"2" * 700), format=format,
    )  # fmt: skip
    assert unpack(path, tmp_path / "out") == sorted(["a/b.txt", name])
    assert contents(tmp_path / "out") == {"a/b.txt": b"1", name: b"2" * 700}
    assert (tmp_path / "out" / "d").is_dir()


def test_what_tar_packs_is_unpacked_with_headers_for_all_members_too(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", FILES)
    for options in (["--format=gnu"], ["--format=pax", "--pax-option=comment=all"], ["--format=v7"]):
        subprocess.run(["tar", "czf", tmp_path / "m.tar.gz", *options, "-C", source, "."], check=True)
        unpack(tmp_path / "m.tar.gz", tmp_path / options[0])
        assert contents(tmp_path / options[0]) == FILES


def test_the_bytes_depend_on_the_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = folder(tmp_path / "1", FILES)
    second = folder(tmp_path / "2", dict(reversed(FILES.items())))
    for path in second.rglob("*"):
        os.utime(path, (1, 1))
    pack({"algo-1": first}, tmp_path / "1.tar.gz")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(7)))
    pack({"algo-9": second}, tmp_path / "2.tar.gz")
    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()


def test_links_devices_and_empty_folders_are_not_packed(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", {"file": b"1"})
    (source / "link").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    (source / "empty").mkdir()
    os.mkfifo(source / "fifo")
    assert pack({"algo-1": source, "algo-2": tmp_path / "none"}, tmp_path / "m.tar.gz") == ["file"]
    (tmp_path / "linked").symlink_to(source)
    with pytest.raises(DataError, match="algo-1 made linked a symbolic link"):
        pack({"algo-1": tmp_path / "linked"}, tmp_path / "m.tar.gz")


def test_a_name_of_two_hosts_is_settled_by_the_rule(tmp_path: Path) -> None:
    hosts = {
        "algo-1": folder(tmp_path / "1", {"m/w.bin": b"1", "own": b"a"}),
        "algo-2": folder(tmp_path / "2", {"m/w.bin": b"2"}),
    }
    with pytest.raises(DataError, match=r"model/m/w\.bin was written by algo-1 and by algo-2"):
        pack(hosts, tmp_path / "model.tar.gz", "error")
    assert not (tmp_path / "model.tar.gz").exists()
    pack(hosts, tmp_path / "model.tar.gz", "last_wins")
    unpack(tmp_path / "model.tar.gz", tmp_path / "last")
    assert contents(tmp_path / "last") == {"m/w.bin": b"2", "own": b"a"}
    pack(hosts, tmp_path / "model.tar.gz", "prefix_host")
    unpack(tmp_path / "model.tar.gz", tmp_path / "both")
    assert contents(tmp_path / "both") == {"m/algo-1-w.bin": b"1", "m/algo-2-w.bin": b"2", "own": b"a"}


@pytest.mark.parametrize("rule", ["error", "prefix_host", "last_wins"])
def test_a_name_that_is_a_file_here_and_a_folder_there_is_a_clash_by_any_rule(tmp_path: Path, rule: str) -> None:
    hosts = {"algo-1": folder(tmp_path / "1", {"m": b"1"}), "algo-2": folder(tmp_path / "2", {"m/w/x": b"2"})}
    with pytest.raises(DataError, match="model/m is a file of algo-1 and a folder of algo-2"):
        pack(hosts, tmp_path / "model.tar.gz", rule)  # type: ignore[arg-type]


def test_without_compression_the_files_become_one_folder(tmp_path: Path) -> None:
    hosts = {"algo-1": folder(tmp_path / "1", {"a/x": b"1"}), "algo-2": folder(tmp_path / "2", {"y": b"2"})}
    assert pack(hosts, tmp_path / "model", compressed=False) == ["a/x", "y"]
    assert contents(tmp_path / "model") == {"a/x": b"1", "y": b"2"}


def test_a_name_that_is_not_utf8_is_not_packed(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", {})
    (source / os.fsdecode(b"caf\xe9")).write_bytes(b"1")
    with pytest.raises(DataError, match=r"caf\\xe9: is a name that is not UTF-8"):
        pack({"algo-1": source}, tmp_path / "model.tar.gz")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (member("/etc/cron.d/x", b"1"), "/etc/cron.d/x: is an absolute name"),
        (member("a/../../x", b"1"), "a/../../x: leads out of the folder"),
        (member("..", type=tarfile.DIRTYPE), "leads out of the folder"),
        (member("l", type=tarfile.SYMTYPE, linkname="/etc"), "l: is a symbolic link"),
        (member("l", type=tarfile.LNKTYPE, linkname="good"), "l: is a hard link"),
        (member("d", type=tarfile.CHRTYPE), "d: is a device"),
        (member("d", type=tarfile.BLKTYPE), "d: is a device"),
        (member("p", type=tarfile.FIFOTYPE), "p: is a FIFO"),
        (member("z", b"1", type=b"Z"), "z: is of the unknown type"),
        (member("good", b"2"), "good: comes twice"),
        (member("./good", b"2"), "good: comes twice"),
        (member("good/below", b"2"), "good/below: lies below good, which is a file"),
        (member("folder", b"2"), "folder: is a file and a folder"),
        (member(".", b"2"), "is a file without a name"),
        (member("n" * 256, b"1"), "is a name that is too long"),
        (member("/".join(["n" * 100] * 11), b"1"), "is a name that is too long"),
        (member("caf\udce9", b"1"), r"caf\xe9: is a name that is not UTF-8"),
    ],
)
def test_a_member_that_cannot_be_trusted_is_named_and_nothing_stays(
    tmp_path: Path, bad: tuple[tarfile.TarInfo, bytes], said: str
) -> None:
    path = archived(
        tmp_path / "m.tar.gz", member("good", b"1" * 3_000_000), member("folder/x", b"1"), bad, member("end", b"1"),
        format=tarfile.GNU_FORMAT,
    )  # fmt: skip
    assert said in refused(path)


def test_a_link_is_not_followed_by_the_member_after_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = archived(
        tmp_path / "m.tar.gz", member("l", type=tarfile.SYMTYPE, linkname=str(outside)), member("l/x", b"1")
    )
    assert "l: is a symbolic link" in refused(path)
    assert list(outside.iterdir()) == []


def test_all_problems_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    path = archived(tmp_path / "m.tar.gz", *[member(f"/{k}", b"1") for k in range(12)], member("../x", b"1"))
    said = refused(path)
    assert "13 of its members cannot be trusted, of which the first 5 are" in said
    assert said.count("is an absolute name") == 5


def test_a_sparse_file_is_refused_in_every_form(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        for k in range(40):  # more pieces than fit into one header
            file.seek(k << 20)
            file.write(b"x")
    for options in (["--format=gnu"], ["--format=pax"]):
        subprocess.run(["tar", "czSf", "m.tar.gz", *options, "sparse"], cwd=tmp_path, check=True)
        assert "is a sparse file" in refused(tmp_path / "m.tar.gz")


def test_sizes_above_the_limit_are_refused_before_they_are_written(tmp_path: Path) -> None:
    path = archived(tmp_path / "m.tar.gz", member("a", bytes(60_000)), member("b", bytes(60_000)))
    assert "the limit is 100000 bytes: max_bytes" in refused(path, lists=False, max_bytes=100_000)
    assert unpack(path, tmp_path / "fits", max_bytes=200_000) == ["a", "b"]


def test_a_size_that_is_only_claimed_is_refused(tmp_path: Path) -> None:
    info, _ = member("huge")
    info.size = 2**62
    with gzip.open(tmp_path / "m.tar.gz", "wb") as out:
        out.write(info.tobuf(tarfile.GNU_FORMAT))
    assert "holds too much to be unpacked" in refused(tmp_path / "m.tar.gz", lists=False)


def test_a_negative_size_is_refused(tmp_path: Path) -> None:
    info, _ = member("back", pax_headers={"size": "-512"})
    with gzip.open(tmp_path / "m.tar.gz", "wb") as out:
        out.write(info.tobuf(tarfile.PAX_FORMAT))
    assert "a member says that it has -512 bytes" in refused(tmp_path / "m.tar.gz", lists=False)


def test_a_bomb_is_refused_by_what_an_honest_archive_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FREE_BYTES", 2**20)
    path = archived(tmp_path / "m.tar.gz", member("zeros", bytes(2**23)))
    assert "no honest archive of" in refused(path, lists=False)


def test_an_archive_of_more_files_than_a_disk_likes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 50)
    path = archived(tmp_path / "m.tar.gz", member("/".join("abcdefghij" * 6), b"1"))
    assert "more than 50 files and folders" in refused(path, lists=False)


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    info, _ = member("x", type=tarfile.XHDTYPE)
    info.size = 2**33
    with gzip.open(tmp_path / "m.tar.gz", "wb") as out:
        out.write(info.tobuf(tarfile.GNU_FORMAT))
    assert "an extended header says that it has 8589934592 bytes" in refused(tmp_path / "m.tar.gz", lists=False)


@pytest.mark.parametrize("record", [b"5 a=b\n", b"99 a=b\n", b"0 a=b\n", b"abc", b"6 a=b\nx", b"6 aab\n"])
def test_an_extended_header_that_is_none_is_refused(tmp_path: Path, record: bytes) -> None:
    info, _ = member("x", type=tarfile.XHDTYPE, size=len(record))
    with gzip.open(tmp_path / "m.tar.gz", "wb") as out:
        out.write(info.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0"))
    assert "an extended header is not as PAX has it" in refused(tmp_path / "m.tar.gz", lists=False)


def test_an_archive_that_is_cut_or_altered_anywhere_is_refused(tmp_path: Path) -> None:
    path = archived(tmp_path / "m.tar.gz", member("a", os.urandom(3000)))
    whole = path.read_bytes()
    for end in range(0, len(whole), 97):
        path.write_bytes(whole[:end])
        refused(path, lists=False)
    path.write_bytes(whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:])
    assert "is no whole gzip file" in refused(path, lists=False)
    path.write_bytes(b"PK\x03\x04 this is a zip")
    assert "is no whole gzip file" in refused(path, lists=False)
    path.write_bytes(gzip.compress(b"this is no tar" * 100))
    assert "is no whole tar archive" in refused(path, lists=False)


def test_a_folder_with_files_is_not_unpacked_into(tmp_path: Path) -> None:
    path = archived(tmp_path / "m.tar.gz", member("a", b"1"))
    folder(tmp_path / "out", {"mine": b"2"})
    with pytest.raises(DataError, match="out is there already"):
        unpack(path, tmp_path / "out")
    with pytest.raises(DataError, match=r"none\.tar\.gz cannot be read"):
        unpack(tmp_path / "none.tar.gz", tmp_path / "new")


def test_memory_does_not_grow_with_the_model(tmp_path: Path) -> None:
    size = 400 << 20
    source = folder(tmp_path / "model", {})
    with (source / "weights").open("wb") as file:
        file.truncate(size)
    code = (
        "import resource, sys; from pathlib import Path; from shardr.data.archive import pack, unpack\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; root = Path(sys.argv[1])\n"
        "pack({'algo-1': root / 'model'}, root / 'm.tar.gz'); unpack(root / 'm.tar.gz', root / 'out')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    shown = subprocess.run([sys.executable, "-c", code, tmp_path], check=True, capture_output=True, text=True)
    assert (tmp_path / "out/weights").stat().st_size == size
    assert int(shown.stdout) < 60_000, "kilobytes"
