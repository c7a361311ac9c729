"""Commands that work on tables: collect, split."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.cli.output import Output, count, size
from shardr.cli.parser import UsageError, step_output

if TYPE_CHECKING:
    import argparse

    from shardr.api.run import Run
    from shardr.cli.parser import Parser

SHOWN_ROWS = 20


def declare_collect(parser: Parser) -> None:
    """Options of ``shardr collect``."""
    parser.add_argument("run", metavar="RUN", help="id of the run")
    parser.add_argument("output", metavar="STEP.OUTPUT", nargs="?", help="for example split.train; not needed for one")
    parser.add_argument(
        "-o", "--to", metavar="FILE", help="a .csv, .jsonl, .parquet or .pbr file (default: CSV to stdout)"
    )
    parser.add_argument("--fill", action="store_true", help="let the shards' columns differ; what lacks is left empty")
    parser.add_argument("--files", action="store_true", help="print the paths of the files instead, one in each line")


def collect(options: argparse.Namespace, out: Output) -> int:
    """Merges an output into one file, or onto stdout."""
    from shardr.api import collecting
    from shardr.cli.known import known_run
    from shardr.data.records import count as count_records

    run = known_run(options.run)
    step, output = step_output(options.output, [f"{s.name}.{name}" for s in run.steps for name in s.outputs])
    if options.files:
        return _print_files(run, step, output, out)
    if options.to is None:
        return _print_merged(run, step, output, fill=options.fill, json=out.json)
    made = collecting.collect_to(run, step, output, options.to, fill=options.fill)
    rows = run.step(step).outputs[output].rows
    rows = count_records(made.path) if rows is None else rows  # on SageMaker nobody has counted them
    out.answer({"run": run.id, "status": "Completed", "step": step, "output": output, "rows": rows,
                "path": str(made.path.absolute()), "files": made.files, "bytes": made.bytes})  # fmt: skip
    out.say(f"{made.path}  {count(rows, 'row')}, {size(made.bytes)} of {count(made.files, 'file')}")
    return 0


def _print_files(run: Run, step: str, output: str, out: Output) -> int:
    """The files of an output, in the order in which they are merged; those in an archive, unpacked."""
    files = [str(file.absolute()) for file in run.files(step, output)]
    out.answer({"run": run.id, "status": "Completed", "step": step, "output": output, "files": files})
    for file in files:
        out.say(file)
    return 0


def _print_merged(run: Run, step: str, output: str, *, fill: bool, json: bool) -> int:
    """Delimited text to stdout: made whole first, so a shard that does not fit is found before a byte is printed."""
    from shardr.api.collecting import output_files
    from shardr.data.answers import is_answer
    from shardr.data.formats import tabular
    from shardr.data.merge import merge
    from shardr.local.home import Home

    files = output_files(run, step, output)
    answers = {"csv" for file in files if is_answer(file)}  # whatever they are in, CSV can be printed
    formats = answers | {fmt.kind if (fmt := tabular(file)) else file.suffix for file in files if not is_answer(file)}
    formats = {"csv"} if formats == {"recordio"} else formats
    if json or not formats <= {"csv", "tsv"} or len(formats) > 1:
        why = "--json says where a file is" if json else f"its files are {', '.join(sorted(formats))}"
        raise UsageError(f"{step}.{output} cannot be printed: {why}", fix="name a file: -o FILE")
    # beside the outputs, where there is room for as much again; /tmp may be small
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=Home.default().root) as folder:
        whole = Path(folder) / f"merged.{formats.pop()}"
        merge(files, whole, fill=fill)
        if sys.stdout.isatty():
            _print_first(whole, f"{run.id} {step}.{output}")
        else:
            with whole.open("rb") as source:
                shutil.copyfileobj(source, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()
    return 0


def _print_first(whole: Path, what: str) -> None:
    """As much as a person reads at a terminal, and how many rows there are."""
    import csv
    from itertools import islice

    from shardr.data.records import count as count_records

    csv.field_size_limit(sys.maxsize)
    lines: list[str] = []
    with whole.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
        remembered = (lines.append(line) or line for line in source)  # type: ignore[func-returns-value]
        for _ in islice(csv.reader(remembered, delimiter="\t" if whole.suffix == ".tsv" else ","), SHOWN_ROWS + 1):
            pass  # a quoted line end does not end a row
    print("".join(lines), end="", flush=True)
    rows = count_records(whole) or 0
    if rows > SHOWN_ROWS:
        Output().note((f"the first {SHOWN_ROWS} of {count(rows, 'row')}; all of them: ", "dim"),
                      f"shardr collect {what} -o FILE")  # fmt: skip


def declare_split(parser: Parser) -> None:
    """Options of ``shardr split``."""
    parser.add_argument("file", metavar="FILE", help="a CSV, TSV, JSON lines, Parquet or .pbr file")
    parser.add_argument("-n", "--shards", metavar="N", type=int, required=True, help="how many files to make")
    parser.add_argument("-o", "--to", metavar="DIR", required=True, help="folder to make them in")
    parser.add_argument("--overwrite", action="store_true", help="replace the shards that are there already")


def split(options: argparse.Namespace, out: Output) -> int:
    """Cuts a table into files of whole records."""
    from shardr.api import collecting
    from shardr.data.records import count as count_records

    made = collecting.split(options.file, options.shards, options.to, overwrite=options.overwrite)
    sizes = {path: path.stat().st_size for path in made}
    empty = sum(1 for path in made if count_records(path) == 0)
    if empty:
        out.note(
            (f"{count(empty, 'shard')} of {len(made)} hold no record: there are fewer records than shards", "yellow")
        )
    out.answer({"run": None, "status": "Completed", "files": [str(path.absolute()) for path in made],
                "bytes": list(sizes.values())})  # fmt: skip
    for path, weight in sizes.items():
        out.say(f"{path}  {size(weight)}")
    return 0
