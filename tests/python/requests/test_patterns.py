"""The service's patterns mean here what they mean in Java."""

from __future__ import annotations

import itertools
import re
import signal
import warnings
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.requests import patterns
from shardr.requests.patterns import UntranslatableError, matches, translate
from shardr.requests.service_model import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST: dict[str, int] = {}
for _shape in service_model().shapes.values():
    if "pattern" in _shape:
        known = LONGEST.get(_shape["pattern"], 0)
        LONGEST[_shape["pattern"]] = max(known, _shape.get("max", 2048))
MODEL_PATTERNS = sorted(LONGEST)


@pytest.mark.parametrize("pattern", MODEL_PATTERNS)
def test_each_pattern_of_the_service_compiles_without_a_warning(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        re.compile(translate(pattern), re.ASCII)
        re.compile(translate(pattern, ascii_text=True), re.ASCII)
    assert matches(pattern, "a") is not None
    assert matches(pattern, "é") is not None


@given(st.sampled_from(MODEL_PATTERNS), st.text(st.characters(max_codepoint=0x7F), max_size=12))
def test_the_short_table_for_ascii_texts_decides_as_the_whole_one(pattern: str, text: str) -> None:
    short = re.compile(translate(pattern, ascii_text=True), re.ASCII)
    whole = re.compile(translate(pattern), re.ASCII)
    assert bool(short.fullmatch(text)) == bool(whole.fullmatch(text))


NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
TAG_KEY = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)${1,128}"
XML_TEXT = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*"


@pytest.mark.parametrize(
    ("pattern", "fits", "refused"),
    [
        (NAME, ["a", "a-b", "a--b", "a" * 63], ["", "-a", "a-", "a_b", "a b", "é", "a\n", "a" * 64]),
        # The whole text counts, whether or not the pattern has anchors.
        ("a|ab", ["a", "ab"], ["abc", "xa"]),
        ("^[0-9]+$", ["12"], ["12\n", "a12"]),
        # Classes are ASCII in Java unless asked otherwise.
        (r"\d+", ["12"], ["١٢", "1٢"]),
        (r"\w+", ["aZ_9"], ["é", "a-b"]),
        (r"\S+", ["é", "\u00a0"], ["a b", "\x0b"]),
        # The dot stops at every line terminator of Java's.
        (".*", ["", "a\tb", "é"], ["a\nb", "a\rb", "a\u0085b", "a\u2028b", "a\u2029b"]),
        (r"[\S\s]*", ["a\nb\r\u2028"], []),
        (r"[.]", ["."], ["a"]),
        # Unicode categories: letters, marks, numbers, separators, symbols, punctuation.
        (TAG_KEY, ["", "a b", "Größe", "数据", "٣", "a\u3000b", "k=v:+-@/._"], ["a\tb", "{", "a,b", "e\u0301", "€"]),
        (r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*", ["é\u0301 €1,“x”", "😀", "\U00020000"], ["\t", "\n", "\x00"]),
        (r"\p{Lu}\P{Lu}*", ["Éa1"], ["éa", "EA"]),
        (r"\pL+", ["é"], ["1"]),
        # POSIX names are ASCII in Java.
        (r"[\p{Alnum}\-]+", ["a-1"], ["é", "_"]),
        (r"[^\p{Alnum}]", ["é", "_"], ["a", "1"]),
        (r"\P{Alnum}", ["é", "-"], ["a"]),
        (r"[\p{M}]?a", ["a"], ["b"]),
        # Two \u escapes may be the halves of one character.
        (XML_TEXT, ["a\t", "é", "\ufffd", "\U00010000", "😀", "\U0010ffff"], ["\n", "\x00", "\ufffe"]),
        (r"[\x21-\x7E]+", ["!~"], [" ", "é"]),
        # Escapes of what needs none, and needs some.
        (r"[A-Za-z0-9\.\-_\/]+", ["a.b-c_d/e"], ["a\\b"]),
        (r"[!#-\[\]-~]+", ["a[b]#"], ['"', "\\", " "]),
        (r"(?!.*\.\.)/.*(?<!-)", ["/a-b"], ["/a..b", "/a-"]),
        ("a${1,9}", ["a"], ["aa", ""]),
        ("a$?b", ["ab"], ["a"]),
        ("(?<x>a)b", ["ab"], ["a"]),
        ("(?<=a)b|ab", ["ab"], ["b"]),
    ],
)
def test_a_pattern_takes_and_refuses_what_java_does(pattern: str, fits: list[str], refused: list[str]) -> None:
    assert [text for text in fits if not matches(pattern, text)] == []
    assert [text for text in refused if matches(pattern, text) is not False] == []


@pytest.mark.parametrize("pattern", ["[a[bc]]", "[a-z&&[^b]]", r"\R", r"\p{IsAlphabetic}", "a\\"])
def test_what_only_java_has_is_left_to_the_service(pattern: str) -> None:
    with pytest.raises(UntranslatableError):
        translate(pattern)
    assert matches(pattern, "a") is None


@pytest.mark.parametrize(
    ("pattern", "alphabet", "before", "longest"),
    [
        (r".*(?:[ \r\n\t].*)*", "a \n\r\t\u2028", "", 5),
        (r".*(?:[ \r\n\t].*)*.*", "a \n\r\t\u2028", "", 5),
        (r"https://([.\-_a-zA-Z0-9]+/?){3,1016}", "a./!", "https://", 6),
        (r"[a-z0-9]([-a-z0-9]*[a-z0-9]){0,39}?", "a0-_", "", 6),
    ],
)
def test_a_one_pass_pattern_takes_the_same_texts(pattern: str, alphabet: str, before: str, longest: int) -> None:
    assert pattern in patterns._ONE_PASS
    original = re.compile(translate(pattern), re.ASCII)
    for size in range(longest + 1):
        for letters in itertools.product(alphabet, repeat=size):
            text = before + "".join(letters)
            assert matches(pattern, text) == bool(original.fullmatch(text)), repr(text)


def test_one_pass_patterns_keep_their_upper_bound() -> None:
    url = r"https://([.\-_a-zA-Z0-9]+/?){3,1016}"
    assert matches(url, "https://" + "a/" * 1016)
    assert not matches(url, "https://" + "a/" * 1017)


def near_misses(length: int) -> Iterator[str]:
    starts = ("", "https://", "arn:aws:sagemaker:us-east-1:123456789012:job/")
    for start, unit, end in itertools.product(starts, ("a", "a-", "a ", "a/", "0."), ("!", "\u2028")):
        yield (start + unit * length)[: length - 1] + end


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs the interval timers of Unix")
def test_no_pattern_takes_long_to_refuse_a_text() -> None:
    def too_long(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    slow = []
    try:
        for pattern, longest in LONGEST.items():
            matches(pattern, "é")  # makes its tables
            signal.setitimer(signal.ITIMER_REAL, 5)
            try:
                for text in near_misses(min(longest, 2048)):
                    matches(pattern, text)
            except TimeoutError:
                slow.append(pattern)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert slow == []
