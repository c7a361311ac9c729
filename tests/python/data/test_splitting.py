"""Objects cut into records and records put into requests: nothing is lost, nothing is too large, order is kept."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shardr.data.framed import MAGIC
from shardr.data.splitting import assembled, batches, opened, records
from shardr.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

PLENTY = 1 << 20


def split(content: bytes, kind: str = "Line", most: int = PLENTY, **more: bool) -> list[bytes]:
    return list(records(io.BytesIO(content), kind, most, **more))


def bodies(found: list[bytes], kind: str = "Line", strategy: str = "MultiRecord", most: int = PLENTY) -> list[bytes]:
    return [batch.body for batch in batches(found, kind, strategy, most)]


def frame(content: bytes, flag: int = 0) -> bytes:
    return MAGIC + struct.pack("<I", flag << 29 | len(content)) + content + bytes(-len(content) % 4)


def written(content: bytes) -> bytes:
    """As dmlc-core writes a record: cut at each magic that begins at a multiple of 4."""
    cuts = [at for at in range(0, len(content) - 3, 4) if content[at : at + 4] == MAGIC]
    begins, ends = [0, *(at + 4 for at in cuts)], [*cuts, len(content)]
    if not cuts:
        return frame(content)
    flags = [1, *[2] * (len(cuts) - 1), 3]
    return b"".join(frame(content[a:b], flag) for a, b, flag in zip(begins, ends, flags, strict=True))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"1,2\n3,4\n", [b"1,2", b"3,4"]),
        (b"1,2\n3,4", [b"1,2", b"3,4"]),
        (b"1,2\r\n3,4\r\n", [b"1,2\r", b"3,4\r"]),
        (b"\xef\xbb\xbf1,2\n", [b"\xef\xbb\xbf1,2"]),
        (b"1\n\n2\n\n", [b"1", b"", b"2", b""]),
        (b'1,"a\nb"\n', [b'1,"a', b'b"']),
        (b"\xff\xfe\x00\n\r", [b"\xff\xfe\x00", b"\r"]),
    ],
)
def test_a_line_is_what_is_between_newlines_and_nothing_of_it_is_changed(content: bytes, found: list[bytes]) -> None:
    assert split(content) == found


@given(st.lists(st.binary(max_size=8).map(lambda line: line.replace(b"\n", b"")), min_size=1), st.integers(9, 30))
@example([b""], 9)
def test_lines_cut_and_put_into_requests_join_to_the_object(lines: list[bytes], most: int) -> None:
    content = b"\n".join(lines) + b"\n"
    made = list(batches(split(content), "Line", "MultiRecord", most))
    assert b"".join(batch.body for batch in made) == content
    assert max(len(batch.body) for batch in made) <= most
    assert [(batch.first, batch.last) for batch in made] == [
        (1 + sum(len(b.records) for b in made[:i]), sum(len(b.records) for b in made[: i + 1]))
        for i in range(len(made))
    ]
    assert bodies(lines, strategy="SingleRecord") == lines


def test_requests_are_as_full_as_they_may_be() -> None:
    assert bodies([b"aa", b"bb", b"cc", b"d"], most=6) == [b"aa\nbb\n", b"cc\nd\n"]


def test_lines_longer_than_the_blocks_that_are_read_are_whole() -> None:
    lines = [b"a" * 700_000, b"", b"b" * 262_144, b"c" * 262_143, b"d"]
    assert split(b"\n".join(lines)) == lines


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("size", [11, 600_000])
def test_a_line_over_the_payload_is_named_by_its_number_whether_first_or_last(number: int, size: int) -> None:
    lines = [b"short"] * 3
    lines[number - 1] = b"x" * size
    with pytest.raises(DataError, match=f"Record {number} is larger than the 10 bytes"):
        split(b"\n".join(lines), most=10)


def test_a_line_that_only_its_newline_makes_too_large_goes_alone_but_not_with_others() -> None:
    assert bodies([b"1234567890"], strategy="SingleRecord", most=10) == [b"1234567890"]
    with pytest.raises(DataError, match="Record 1 is larger"):
        bodies([b"1234567890"], most=10)


def test_without_a_split_type_the_object_is_one_record_and_an_empty_one_is_none() -> None:
    content = b"x\n" * 300_000
    assert split(content, "None") == [content]
    assert bodies([content], "None") == bodies([content], "None", "SingleRecord") == [content]
    assert split(b"", "None") == []
    with pytest.raises(DataError, match="Record 1 is larger than the 10 bytes"):
        split(b"12345678901", "None", most=10)


@given(st.lists(st.lists(st.sampled_from([b"a", b"bcd", b"efgh", MAGIC, MAGIC[:2]])).map(b"".join)))
@example([MAGIC, b"1234" + MAGIC + MAGIC + b"5", b""])
def test_recordio_goes_framed_with_others_and_bare_alone(contents: list[bytes]) -> None:
    stream = b"".join(map(written, contents))
    found = split(stream, "RecordIO")
    assert found == [written(content) for content in contents]
    assert b"".join(bodies(found, "RecordIO", most=100 + max(map(len, found), default=0))) == stream
    assert bodies(found, "RecordIO", "SingleRecord") == contents


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (frame(b"abcde")[:-1], "Record 2 is cut off"),
        (frame(b"abcde")[:5], "Record 2 is cut off"),
        (b"\n", "Record 2 is cut off"),
        (frame(b"ab", 1), "Record 2 is cut off"),
        (frame(b"ab", 1) + frame(b"cd"), "Record 2: the parts"),
        (frame(b"ab", 3), "Record 2: the parts"),
        (frame(b"ab", 5), "Record 2: RecordIO has no flag 5"),
        (b"1,2,3,4,5\n", "Record 2 is not RecordIO"),
        (frame(b"x" * 100), "Record 2 is larger than the 64 bytes"),
        (MAGIC + b"\xff\xff\xff\x1f", "Record 2 is larger than the 64 bytes"),
        (frame(b"x" * 40, 1) + frame(b"y" * 40, 3), "Record 2 is larger than the 64 bytes"),
    ],
)
def test_broken_recordio_is_refused_with_the_record(tail: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        split(frame(b"good") + tail, "RecordIO", most=64)


def test_tfrecords_go_framed_with_others_and_bare_alone() -> None:
    stream = tf(b"abc") + tf(b"") + tf(b"x" * 300)
    found = split(stream, "TFRecord")
    assert b"".join(found) == stream
    assert bodies(found, "TFRecord") == [stream]
    assert bodies(found, "TFRecord", "SingleRecord") == [b"abc", b"", b"x" * 300]


def crc32c(content: bytes) -> int:
    """Bit by bit, as RFC 3720 defines it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def tf(content: bytes) -> bytes:
    """A TFRecord whose length has the right checksum."""
    head = struct.pack("<Q", len(content))
    crc = crc32c(head)
    return head + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF) + content + b"tail"


def test_the_checksum_is_the_one_with_the_known_answer() -> None:
    assert crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (tf(b"abc")[:-1], "Record 2 is cut off"),
        (tf(b"abc")[:7], "Record 2 is cut off"),
        (b"1,2,3,4,5,6,7,8\n", "Record 2 is not a TFRecord"),
        (tf(b"x" * 100), "Record 2 is larger than the 64 bytes"),
    ],
)
def test_broken_tfrecords_are_refused_with_the_record(tail: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        split(tf(b"good") + tail, "TFRecord", most=64)


def test_gzip_is_expanded_also_of_several_members_and_of_an_object_without_bytes(make) -> None:
    path = make("x.csv", gzip.compress(b"1,2\n3") + gzip.compress(b",4\n"))
    with opened(path, "Gzip") as stream:
        assert list(records(stream, "Line", 10)) == [b"1,2", b"3,4"]
    with opened(path, "None") as stream:
        assert stream.read() == path.read_bytes()
    with opened(make("empty", b""), "Gzip") as stream:
        assert list(records(stream, "Line", 10)) == []


@pytest.mark.parametrize("content", [b"1,2\n3,4\n", gzip.compress(b"1,2\n" * 1000, mtime=0)[:-9]])
def test_what_is_no_whole_gzip_is_refused(make, content: bytes) -> None:
    with opened(make("x.csv", content), "Gzip") as stream, pytest.raises(DataError, match="no whole gzip"):
        split(stream.read())


def test_an_object_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for compression in ("None", "Gzip"):
        with pytest.raises(DataError, match="Cannot read"):
            opened(tmp_path / "gone", compression)


@pytest.mark.parametrize("kind", ["Line", "None"])
def test_a_bomb_in_gzip_takes_no_more_memory_than_a_request(make, kind: str) -> None:
    path = make("bomb", gzip.compress(bytes(60_000_000), 1))
    tracemalloc.start()
    with opened(path, "Gzip") as stream, pytest.raises(DataError, match="Record 1 is larger"):
        list(records(stream, kind, 6 << 20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 << 20


def test_a_header_goes_in_front_of_each_request_and_counts_as_a_record() -> None:
    found = list(batches([b"\xef\xbb\xbfa,b\r", b"1,2", b"3,4"], "Line", "MultiRecord", 12, header=True))
    assert [batch.body for batch in found] == [b"\xef\xbb\xbfa,b\r\n1,2\n", b"\xef\xbb\xbfa,b\r\n3,4\n"]
    assert [(batch.first, batch.records) for batch in found] == [(2, [b"1,2"]), (3, [b"3,4"])]
    alone = batches([b"a,b", b"1,2"], "Line", "SingleRecord", 12, header=True)
    assert [batch.body for batch in alone] == [b"a,b\n1,2"]
    assert list(batches([b"a,b"], "Line", "MultiRecord", 12, header=True)) == []


def test_what_is_sent_decides_the_size_and_the_records_stay_as_they_were() -> None:
    found = list(
        batches([b"aaaa", b"b", b"c"], "Line", "MultiRecord", 6, as_sent=lambda record, number: b"%d" % number)
    )
    assert [(batch.body, batch.records) for batch in found] == [(b"1\n2\n3\n", [b"aaaa", b"b", b"c"])]


CELLS = st.text(alphabet='a\n\r,"é ', max_size=6).map(
    lambda text: '"' + text.replace('"', '""') + '"' if set(text) & set('\n\r,"') else text
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3).map(",".join), min_size=1))
def test_a_quoted_newline_does_not_end_a_record_where_lines_are_csv(rows: list[str]) -> None:
    found = [row.encode() for row in rows]
    assert split(b"\n".join(found) + b"\n", csv=True) == found


def test_csv_quotes_open_only_where_a_field_begins() -> None:
    assert split(b'5" pipe,1\n"a\nb",2\n', csv=True) == [b'5" pipe,1', b'"a\nb",2']
    assert split(b'\xef\xbb\xbf"a\nb",2\n', csv=True) == [b'\xef\xbb\xbf"a\nb",2']


def test_a_quote_that_is_never_closed_is_refused_with_the_record() -> None:
    with pytest.raises(DataError, match="Record 2 is cut off"):
        split(b'1\n"2\n3\n', csv=True)
    with pytest.raises(DataError, match="Record 2 is larger"):
        split(b'1\n"2\n3\n4\n5\n6\n', csv=True, most=6)


def test_an_answer_ends_in_a_newline_and_none_of_its_lines_is_lost() -> None:
    answers = [b"a", b"a\n", b"a\n\n", b"", b"a\r\n"]
    assert [assembled(one, "Line") for one in answers] == [b"a\n", b"a\n", b"a\n\n", b"\n", b"a\r\n"]
    assert [assembled(one, "None") for one in answers] == answers
