"""Headers and quotes are read as R and pyarrow read them."""

from __future__ import annotations

import pytest

from shardr.data.text import read_header, unquoted
from shardr.errors import DataError


@pytest.mark.parametrize(
    ("content", "names", "delimiter", "raw"),
    [
        (b"a,b\n1,2\n", ("a", "b"), b",", b"a,b\n"),
        (b"a,b", ("a", "b"), b",", b"a,b"),
        (b"a,b\r\n1,2\r\n", ("a", "b"), b",", b"a,b\r\n"),
        (b"a,b\r1,2\r", ("a", "b"), b",", b"a,b\r"),
        (b"\xef\xbb\xbfa,b\n", ("a", "b"), b",", b"\xef\xbb\xbfa,b\n"),
        (b'\xef\xbb\xbf"a\nx",b\n1,2\n', ("a\nx", "b"), b",", b'\xef\xbb\xbf"a\nx",b\n'),
        (b'"a ""x"", y",b\n', ('a "x", y', "b"), b",", b'"a ""x"", y",b\n'),
        (b"\n\r\na,b\n", ("a", "b"), b",", b"\n\r\na,b\n"),
        (b"a;b;c\n1,5;2;3\n", ("a", "b", "c"), b";", b"a;b;c\n"),
        (b"a\tb\n", ("a", "b"), b"\t", b"a\tb\n"),
        (b'"a;b",c\n', ("a;b", "c"), b",", b'"a;b",c\n'),
        (b'5" pipe,b\n1,2\n', ('5" pipe', "b"), b",", b'5" pipe,b\n'),
        (b"only\n1\n", ("only",), b",", b"only\n"),
        ("größe,b\n".encode(), ("größe", "b"), b",", "größe,b\n".encode()),
    ],
)
def test_a_header_ends_where_its_record_does(make, content, names, delimiter, raw) -> None:
    header = read_header(make("x.csv", content))
    assert header is not None
    assert (header.names, header.delimiter, header.raw) == (names, delimiter, raw)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_text_has_no_header(make, content) -> None:
    assert read_header(make("x.csv", content)) is None


def test_commas_are_content_in_tab_separated_text(make) -> None:
    header = read_header(make("x.tsv", b"a,b\tc\n"))
    assert header is not None
    assert header.names == ("a,b", "c")


def test_a_single_column_of_tab_separated_text_may_have_commas_in_its_name(make) -> None:
    header = read_header(make("x.tsv", b"a,b\n"))
    assert header is not None
    assert (header.names, header.delimiter) == (("a,b",), b"\t")


def test_a_header_in_another_encoding_is_refused(make) -> None:
    with pytest.raises(DataError, match="is not UTF-8"):
        read_header(make("x.csv", b"gr\xf6\xdfe,b\n"))


@pytest.mark.parametrize(
    ("block", "inside", "newlines", "still"),
    [
        (b"1,2\n3,4\n", False, 2, False),
        (b'1,"a"\n"b",2\n', False, 2, False),
        (b'1,"a\nb"\n', False, 1, False),
        (b'1,"a\n', False, 0, True),
        (b"a\nb\n", True, 0, True),
        (b'a\nb",2\n3,4\n', True, 2, False),
        (b'1,"a""b\n""c"\n', False, 1, False),
        (b'1,""\n"",2\n', False, 2, False),
        (b'5" pipe,1\n6,2\n', False, 2, False),
        (b'5" pipe,"a\nb"\n6" x,"c"\n', False, 2, False),
        (b'1,"a" b\n3,4\n', False, 2, False),
    ],
)
def test_newlines_inside_quotes_are_taken_out(block: bytes, inside: bool, newlines: int, still: bool) -> None:
    text, open_at_end = unquoted(block, b",", inside)
    assert text.count(b"\n") == newlines
    assert open_at_end is still
