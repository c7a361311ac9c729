"""The command that asks a model about every record of some data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.cli.parser import add_engine, add_environment, add_name, add_runner, environment, place
from shardr.cli.running import follow, told_of

if TYPE_CHECKING:
    import argparse

    from shardr.cli.output import Output
    from shardr.cli.parser import Parser

TEXTS = {
    "--image": ("IMAGE", "what serves the model (default: what trained it)"),
    "--content-type": ("TYPE", "of the data, as text/csv"),
    "--accept": ("TYPE", "of the answers (default: as the model likes)"),
    "--input-filter": ("PATH", "JSONPath to what of a record the model gets, as $[1:]"),
    "--output-filter": ("PATH", "JSONPath to what of the answer is kept"),
    "--instance-type": ("TYPE", "(default: ml.m5.large)"),
}
CHOICES = {
    "--split-type": (["None", "Line", "RecordIO", "TFRecord"], "what a record is (default: None, the whole object)"),
    "--compression": (["None", "Gzip"], "of the data (default: None)"),
    "--strategy": (["MultiRecord", "SingleRecord"], "how many records a request has (default: MultiRecord)"),
    "--assemble-with": (["None", "Line"], "what stands between answers (default: None)"),
    "--join-source": (["None", "Input"], "Input: each answer stands behind its record (default: None)"),
}
NUMBERS = {
    "--max-payload-mb": "how large a request may be, in MB (default: 6)",
    "--max-concurrent-transforms": "how many requests an instance gets at once (default: 1)",
}
FIELDS = [*TEXTS, *CHOICES, *NUMBERS]


def declare_transform(parser: Parser) -> None:
    """Options of ``shardr transform``."""
    parser.add_argument(
        "model", metavar="MODEL", help="a model.tar.gz, a folder, an s3:// URI, RUN.STEP, or the name of a model"
    )
    parser.add_argument("input", metavar="INPUT", help="a file, a folder, a glob, or an s3:// prefix")
    parser.add_argument("output", metavar="OUTPUT", nargs="?", help="where the answers go (default: a fresh place)")
    for option, (values, help) in CHOICES.items():
        parser.add_argument(option, choices=values, help=help)
    for option, (metavar, help) in TEXTS.items():
        parser.add_argument(option, metavar=metavar, help=help)
    for option, help in NUMBERS.items():
        parser.add_argument(option, metavar="N", type=int, help=help)
    parser.add_argument("--csv-lines", action="store_true", help="here: a newline in quotes does not end a line")
    parser.add_argument("--instances", metavar="N", type=int, default=1, help="how many (default: 1)")
    add_environment(parser)
    add_engine(parser)
    add_runner(parser, default="SHARDR_RUNNER, else auto")
    add_name(parser)


def transform(options: argparse.Namespace, out: Output) -> int:
    """Asks a model about every record, and waits for the end."""
    from shardr.api.transforming import submit_transform
    from shardr.cli.progress import uploading

    given = environment(options)
    names = [option.removeprefix("--").replace("-", "_") for option in FIELDS]
    fields = {name: getattr(options, name) for name in names}
    with uploading() as progress:
        started = submit_transform(
            options.model, options.input, options.output, **place(options), runner=options.runner, name=options.name,
            progress=progress, **fields, csv_lines=options.csv_lines or None, instance_count=options.instances,
            environment=given or None,
        )  # fmt: skip
    told_of(started, out)
    return follow(started, out)
