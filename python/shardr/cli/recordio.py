"""The command ``shardr recordio`` and its words: info, encode, decode, cat."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.cli.output import Output, count, size
from shardr.cli.words import Word, declare_words, follow

if TYPE_CHECKING:
    import argparse

    from shardr.api.recordio import RecordioInfo
    from shardr.cli.parser import Parser


def declare_recordio(parser: Parser) -> None:
    """``shardr recordio WORD …``."""
    declare_words(parser, "recordio", WORDS)


def recordio(options: argparse.Namespace, out: Output) -> int:
    """Does what the word says."""
    return follow(options, out, "recordio", WORDS)


def declare_info(parser: Parser) -> None:
    """Options of ``shardr recordio info``."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="files of recordIO-protobuf")


def info(options: argparse.Namespace, out: Output) -> int:
    """Tells what is in files, all records of which are looked at."""
    from shardr.api.recordio import recordio_info

    found = recordio_info(options.files)
    records, weight = sum(one.records for one in found), sum(one.bytes for one in found)
    if len(found) == 1:
        out.answer(asdict(found[0]))
    else:
        missing = sum(one.missing for one in found)
        out.answer({"files": [asdict(one) for one in found], "records": records, "bytes": weight, "missing": missing})
    for one in found:
        _tell(one, out)
    if len(found) > 1:
        out.say(f"{count(len(found), 'file')}  {count(records, 'record')}, {size(weight)}")
    return 0


def _tell(found: RecordioInfo, out: Output) -> None:
    columns = "no features" if found.columns is None else count(found.columns, "column")
    form = "sparse" if found.sparse else "dense"
    out.say(f"{found.path}  {count(found.records, 'record')}, {columns}, {size(found.bytes)}")
    if found.columns:
        share = f", {found.filled:.2%} of the features written" if found.sparse and found.filled is not None else ""
        out.say(f"features  {form} {found.dtype}{share}")
    if found.labels:
        out.say(f"labels    {', '.join(found.labels)}")
    for name in ("uids", "metadata"):
        if getattr(found, name):
            out.say(f"{name:<8}  {count(getattr(found, name), 'record')}")
    if found.missing:
        out.say((f"NaN       {count(found.missing, 'feature')}, first in record {found.first_missing}", "yellow"))


def declare_encode(parser: Parser) -> None:
    """Options of ``shardr recordio encode``."""
    parser.add_argument("table", metavar="TABLE", help="a CSV, TSV, JSON lines, Parquet or .pbr file")
    parser.add_argument("to", metavar="OUT", help="the file to write, as rows.pbr")
    parser.add_argument("--label", metavar="COLUMN", help="the column that is the label")
    parser.add_argument("--uid", metavar="COLUMN", help="the column that is the uid, a text")
    parser.add_argument("--metadata", metavar="COLUMN", help="the column that is the metadata, a text")
    parser.add_argument("--dtype", choices=["float32", "float64", "int32"], help="of the numbers (default: float32)")
    parser.add_argument(
        "--shard-rows", metavar="N", type=int, help="write files of N rows: rows-00000.pbr … of rows.pbr"
    )
    parser.add_argument("--shard-bytes", metavar="N", type=int, help="write files of at most N bytes")
    parser.add_argument("--split-magic", action="store_true", help="cut records at what looks like a frame")


def encode(options: argparse.Namespace, out: Output) -> int:
    """Writes a table as recordIO-protobuf."""
    from shardr.api.recordio import write_recordio

    made = write_recordio(
        options.table, options.to, label=options.label, dtype=options.dtype, shard_rows=options.shard_rows,
        shard_bytes=options.shard_bytes, split_magic=options.split_magic, uid=options.uid, metadata=options.metadata,
    )  # fmt: skip
    files = [{"path": str(one.path.absolute()), "rows": one.rows, "bytes": one.bytes} for one in made]
    out.answer({"files": files, "rows": sum(one.rows for one in made), "bytes": sum(one.bytes for one in made)})
    for one in made:
        out.say(f"{one.path}  {count(one.rows, 'row')}, {size(one.bytes)}")
    return 0


def declare_decode(parser: Parser) -> None:
    """Options of ``shardr recordio decode``."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="files of recordIO-protobuf")
    parser.add_argument("to", metavar="OUT", help="a .csv, .tsv, .jsonl or .parquet file")


def decode(options: argparse.Namespace, out: Output) -> int:
    """Writes recordIO-protobuf as one table."""
    from shardr.api.recordio import decode_recordio

    made = decode_recordio(options.files, options.to)
    out.answer({"path": str(made.path.absolute()), "rows": made.rows, "bytes": made.bytes})
    out.say(f"{made.path}  {count(made.rows, 'row')}, {size(made.bytes)}")
    return 0


def declare_cat(parser: Parser) -> None:
    """Options of ``shardr recordio cat``."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="files of recordIO-protobuf")


def cat(options: argparse.Namespace, out: Output) -> int:
    """Prints the rows of files, one after the other, as CSV with a header, or as JSON lines with ``--json``."""
    from shardr.api.recordio import decode_recordio

    with tempfile.TemporaryDirectory(prefix="shardr-cat-") as folder:
        whole = Path(folder) / ("rows.jsonl" if out.json else "rows.csv")
        decode_recordio(options.files, whole)
        with whole.open("rb") as text:
            while block := text.read(1 << 20):
                sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
    return 0


WORDS = {
    "info": Word("tell what is in files: records, columns, numbers, labels", declare_info, info),
    "encode": Word("write a table as recordIO-protobuf, in one file or many", declare_encode, encode),
    "decode": Word("write recordIO-protobuf as a table", declare_decode, decode),
    "cat": Word("print rows as CSV", declare_cat, cat),
}
