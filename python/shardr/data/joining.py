"""DataProcessing of batch transform: what of a record the model gets, and what of both is put into the output."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr.data.joinable import FORMATS
from shardr.data.jsonpaths import JsonPath, NotThereError, parsed
from shardr.errors import DataError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardr.data.joinable import Format

__all__ = ["Joining"]

_MOST_CHARACTERS = 63
_KNOWN = ", ".join(FORMATS)


@dataclass(frozen=True)
class Joining:
    """The filters and the join of a transform job, in the words of its request.

    ``checked`` says what the service would refuse; the other methods are for a job that has nothing of this.

    >>> joining = Joining("text/csv", "text/csv", "Line", "Line", input_filter="$[1:]", join_source="Input")
    >>> joining.request(b"7,0.5,0.25"), joining.response([b"7,0.5,0.25"], b"yes\\n")
    (b'0.5,0.25', b'7,0.5,0.25,yes\\n')
    """

    content_type: str | None = None
    accept: str | None = None
    split_type: str = "None"
    assemble_with: str = "None"
    input_filter: str = "$"
    output_filter: str = "$"
    join_source: str = "None"

    @property
    def active(self) -> bool:
        """Whether anything is filtered or joined; otherwise bytes go through as they are."""
        return self.join_source != "None" or not {self.input_filter, self.output_filter} <= {"", "$"}

    def checked(self) -> list[Problem]:
        """Everything that keeps this job from being filtered or joined."""
        return [*self._wrong_formats(), *self._wrong_paths()] if self.active else []

    def doubtful(self) -> list[Problem]:
        """What is done here but may be done otherwise by the service: slices with an end."""
        return [
            Problem(
                f"DataProcessing.{name}",
                f"{part} ends before its end here, and the service's guide reads it as ending with it",
                "list the indexes, or leave the end open",
            )
            for name, expression in self._named_filters()
            for path in [_path(expression)]
            if isinstance(path, JsonPath)
            for part in path.closed_slices
        ]

    def _wrong_formats(self) -> Iterator[Problem]:
        kind, wanted = _media_type(self.content_type), _media_type(self.accept)
        if kind not in FORMATS:
            yield Problem("TransformInput.ContentType", f"DataProcessing knows {_KNOWN}, not {self.content_type}")
        if kind != wanted:
            yield Problem("TransformOutput.Accept", f"must be the ContentType {self.content_type}, not {self.accept}")
        split = FORMATS[kind].split_type if kind in FORMATS else self.split_type
        for name, value in (
            ("TransformInput.SplitType", self.split_type),
            ("TransformOutput.AssembleWith", self.assemble_with),
        ):
            if value != split:
                yield Problem(name, f"must be {split} to filter or join {kind}, not {value}")
        if self.join_source not in {"None", "Input"}:
            yield Problem("DataProcessing.JoinSource", f"is None or Input, not {self.join_source}")

    def _wrong_paths(self) -> Iterator[Problem]:
        for name, expression in self._named_filters():
            place, path = f"DataProcessing.{name}", _path(expression)
            if len(expression) > _MOST_CHARACTERS:
                yield Problem(place, f"has {len(expression)} characters, and at most {_MOST_CHARACTERS} are allowed")
            if isinstance(path, ValueError):
                yield Problem(place, str(path))
            elif _media_type(self.content_type) == "text/csv" and not path.of_a_row:
                yield Problem(place, f"{expression} is not for CSV, whose rows have indexes only", "such as $[0,2:]")

    def _named_filters(self) -> list[tuple[str, str]]:
        return [("InputFilter", self.input_filter), ("OutputFilter", self.output_filter)]

    @cached_property
    def _format(self) -> Format:
        return FORMATS[_media_type(self.content_type)]

    @cached_property
    def _input(self) -> JsonPath:
        return parsed(self.input_filter or "$")

    @cached_property
    def _output(self) -> JsonPath:
        return parsed(self.output_filter or "$")

    def request(self, record: bytes, number: int = 1) -> bytes:
        """What the model gets of a record, without a newline.

        Raises DataError with the ``number`` of the record when it is not of its ContentType or lacks what the filter
        asks for.
        """
        if self._input.whole:
            return record
        return self._selected(self._input, "InputFilter", self._read(record, number, "it"), number)

    def response(self, records: Sequence[bytes], body: bytes, first: int = 1) -> bytes:
        """What is put into the output for a request's records and the model's answer to them.

        ``records`` are as they are in the object, ``first`` is the number of the first of them. Lines come with a
        newline at the end of each. Raises DataError naming the record, or the records when there are not as many
        answers as records.
        """
        joins = self.join_source == "Input"
        if not joins and self._output.whole:
            return body
        lines = self._format.split_type == "Line"
        answers = body.removesuffix(b"\n").split(b"\n") if lines else [body]
        if len(answers) != len(records):
            raise DataError(
                f"The model answered {len(answers)} lines to the {len(records)} records from record {first} on",
                why="to filter or join, the answer to each record must be known",
                fix="let the model answer one line for each, in their order",
            )
        end = b"\n" if lines else b""
        return b"".join(
            self._put(record, answer, number, joins=joins) + end
            for number, (record, answer) in enumerate(zip(records, answers, strict=True), first)
        )

    def _put(self, record: bytes, answer: bytes, number: int, *, joins: bool) -> bytes:
        value = self._read(answer, number, "the model's answer")
        if joins:
            value = self._format.joined(self._read(record, number, "it"), value)
        return self._selected(self._output, "OutputFilter", value, number)

    def _read(self, content: bytes, number: int, what: str) -> Any:
        try:
            return self._format.read(content)
        except ValueError as err:
            raise DataError(
                f"Record {number}: {what} is not {_media_type(self.content_type)}",
                why=f"{err}; it begins with {content[:80].decode(errors='replace')!r}" if content else "it is empty",
            ) from err

    def _selected(self, path: JsonPath, name: str, value: Any, number: int) -> bytes:
        try:
            return self._format.written(path.found(value))
        except NotThereError as err:
            raise DataError(f"Record {number} has not what {name} {path.expression} asks for", why=str(err)) from err


def _path(expression: str) -> JsonPath | ValueError:
    try:
        return parsed(expression or "$")
    except ValueError as err:
        return err


def _media_type(content_type: str | None) -> str:
    return (content_type or "").split(";")[0].strip().lower()
