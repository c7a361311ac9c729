"""Filters and joins of batch transform: what the model gets, what is put out, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.data.joining import Joining
from shardr.data.splitting import batches, records
from shardr.errors import DataError


def of_csv(**more: str) -> Joining:
    return Joining("text/csv", "text/csv", "Line", "Line", **more)


def of_lines(**more: str) -> Joining:
    return Joining("application/jsonlines", "application/jsonlines", "Line", "Line", **more)


def of_json(**more: str) -> Joining:
    return Joining("application/json", "application/json", **more)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("$", b'\xef\xbb\xbf7,"a,""b""",\xff,007,1.50\r'),
        ("$[1:]", b'"a,""b""",\xff,007,1.50'),
        ("$[0]", b"7"),
        ("$[3,1]", b'007,"a,""b"""'),
        ("$[-1]", b"1.50"),
    ],
)
def test_cells_of_csv_are_sent_as_they_are_written(path: str, sent: bytes) -> None:
    assert of_csv(input_filter=path).request(b'\xef\xbb\xbf7,"a,""b""",\xff,007,1.50\r') == sent


def test_csv_joins_the_columns_of_the_whole_input_and_those_of_the_answer() -> None:
    joining = of_csv(input_filter="$[1:]", join_source="Input")
    assert joining.response([b"1,2,3", b'4,"x\ny",6\r'], b"1\n0,\r\n") == b'1,2,3,1\n4,"x\ny",6,0,\n'


def test_the_output_filter_chooses_from_what_is_joined_or_without_a_join_from_the_answer() -> None:
    assert of_csv(join_source="Input", output_filter="$[0,-1]").response([b"1,2"], b"8,9") == b"1,9\n"
    assert of_csv(output_filter="$[1]").response([b"1,2"], b"8,9\n") == b"9\n"
    assert of_csv(input_filter="$[0]").response([b"1,2"], b"8,9\r\n") == b"8,9\r\n"


def test_json_objects_get_the_answer_and_of_other_values_an_object_is_made() -> None:
    joining = of_lines(join_source="Input")
    given_records = [b'{"id":1,"SageMakerOutput":"old","name":"\xc3\xa9"}\r', b"[1, 2]", b"5"]
    assert joining.response(given_records, b'{"score":0.5}\n"b"\nnull\n').decode().splitlines() == [
        '{"id":1,"SageMakerOutput":{"score":0.5},"name":"é"}',
        '{"SageMakerInput":[1,2],"SageMakerOutput":"b"}',
        '{"SageMakerInput":5,"SageMakerOutput":null}',
    ]


def test_an_object_of_json_is_one_record_whatever_lines_it_has() -> None:
    joining = of_json(input_filter="$.features", join_source="Input", output_filter="$['id','SageMakerOutput']")
    record = b'{\n "id": 3,\n "features": [1, 2.50, 12345678901234567890]\n}\n'
    assert joining.request(record) == b"[1,2.5,12345678901234567890]"
    assert joining.response([record], b'{\n "score": 1\n}\n') == b'{"id":3,"SageMakerOutput":{"score":1}}'


def test_text_that_utf8_has_no_bytes_for_stays_escaped() -> None:
    assert of_lines(input_filter="$.a").request(b'{"a":"\\ud800"}') == b'"\\ud800"'


@given(st.lists(st.lists(st.text(alphabet='a", é1', max_size=4), min_size=2, max_size=4), min_size=1))
def test_csv_written_by_others_joins_to_what_others_read(rows: list[list[str]]) -> None:
    def line(cells: list[str]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(cells)
        return out.getvalue()

    joining = of_csv(input_filter="$[1:]", join_source="Input", output_filter="$[1:]")
    content = "".join(line(cells) + "\n" for cells in rows).encode()
    found = records(io.BytesIO(content), "Line", 1000)
    output = b""
    for batch in batches(found, "Line", "MultiRecord", 40, as_sent=joining.request):
        output += joining.response(batch.records, batch.body, batch.first)  # a model that answers what it is asked
    read = list(csv.reader(io.StringIO(output.decode(), newline="")))
    assert read == [[*cells[1:], *cells[1:]] for cells in rows]


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.tuples(JSON, JSON), min_size=1, max_size=4))
def test_any_json_joins_line_by_line(pairs: list[tuple[Any, Any]]) -> None:
    given_records = [json.dumps(value).encode() for value, _ in pairs]
    body = "".join(json.dumps(answer) + "\n" for _, answer in pairs).encode()
    output = of_lines(join_source="Input").response(given_records, body).split(b"\n")
    assert output.pop() == b""
    for (value, answer), line in zip(pairs, output, strict=True):
        joined = json.loads(line)
        assert joined["SageMakerOutput"] == answer
        kept = {name: joined[name] for name in joined if name != "SageMakerOutput"}
        expected = {k: v for k, v in value.items() if k != "SageMakerOutput"} if isinstance(value, dict) else value
        assert kept == (expected if isinstance(value, dict) else {"SageMakerInput": expected})


@pytest.mark.parametrize(
    ("joining", "record", "words"),
    [
        (of_csv(input_filter="$[2:]"), b"1,2", r"Record 5 has not what InputFilter \$\[2:\] asks for"),
        (of_csv(input_filter="$[0]"), b'1,"2', "Record 5: it is not text/csv"),
        (of_csv(input_filter="$[0]"), b'1,"2"x', "column 2 opens with a quote"),
        (of_lines(input_filter="$.a"), b'{"b":1}', "there is no 'a' among 'b'"),
        (of_lines(input_filter="$.a"), b'{"a":', "Record 5: it is not application/jsonlines"),
        (of_lines(input_filter="$.a"), b"", "it is empty"),
        (of_lines(input_filter="$.a"), b'{"a":"\xff"}', "Record 5: it is not application/jsonlines"),
        (of_lines(input_filter="$.a"), b"[" * 200_000, "nested too deeply"),
        (of_lines(input_filter="$.a"), b"9" * 5000, "Record 5: it is not application/jsonlines"),
    ],
)
def test_a_record_that_cannot_be_filtered_is_named(joining: Joining, record: bytes, words: str) -> None:
    with pytest.raises(DataError) as caught:
        joining.request(record, 5)
    assert re.search(words, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"1\n2\n3\n", "answered 3 lines to the 2 records from record 5 on"),
        (b"1,2", "answered 1 lines to the 2 records from record 5 on"),
        (b'1\n"2\n', "Record 6: the model's answer is not text/csv"),
    ],
)
def test_an_answer_that_does_not_fit_its_records_is_refused_with_them(body: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        of_csv(join_source="Input").response([b"a", b"b"], body, 5)


def test_a_job_without_filter_and_join_is_let_alone_whatever_its_formats() -> None:
    joining = Joining("image/png", None, "None", "Line", input_filter="", output_filter="$")
    assert joining.checked() == []
    assert not joining.active
    assert (joining.request(b"\x89PNG"), joining.response([b"\x89PNG"], b"cat")) == (b"\x89PNG", b"cat")


@pytest.mark.parametrize("joining", [of_csv, of_lines, of_json])
def test_the_three_formats_are_accepted_with_their_way_to_split(joining: Any) -> None:
    assert joining(input_filter="$[0]", join_source="Input").checked() == []


def test_content_types_may_have_parameters() -> None:
    joining = Joining("text/csv; charset=utf-8", "Text/CSV", "Line", "Line", join_source="Input")
    assert joining.checked() == []
    assert joining.response([b"1"], b"2") == b"1,2\n"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    joining = Joining(
        "text/csv", "application/json", "None", "RecordIO", "$.name", "$[" + "1," * 30 + "1]x", join_source="Output"
    )
    assert [str(problem) for problem in joining.checked()] == [
        "TransformOutput.Accept: must be the ContentType text/csv, not application/json",
        "TransformInput.SplitType: must be Line to filter or join text/csv, not None",
        "TransformOutput.AssembleWith: must be Line to filter or join text/csv, not RecordIO",
        "DataProcessing.JoinSource: is None or Input, not Output",
        "DataProcessing.InputFilter: $.name is not for CSV, whose rows have indexes only (such as $[0,2:])",
        "DataProcessing.OutputFilter: has 65 characters, and at most 63 are allowed",
        "DataProcessing.OutputFilter: '$[" + "1," * 30 + "1]x' is not understood from 'x' on: there are .name, .*, "
        "['a','b'], [n], [n,m], [s:e], [s:], [:e] and [*]",
    ]
    assert [problem.path for problem in Joining(None, None, join_source="Input").checked()] == [
        "TransformInput.ContentType"
    ]


def test_slices_with_an_end_are_doubtful_and_others_are_not() -> None:
    assert [problem.path for problem in of_csv(input_filter="$[1:4]", output_filter="$[0,2:]").doubtful()] == [
        "DataProcessing.InputFilter"
    ]
