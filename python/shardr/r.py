"""R from Python: call a function of R, and try a step's R script on a sample, in this process.

Needs R, the R package shardr (``shardr install-r``) and the extra ``rpy2``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from shardr import rbridge
from shardr.errors import SpecError
from shardr.local.contract import ACCOUNT, Tree, hosts
from shardr.local.home import JobFolder
from shardr.local.work.processing import ProcessingWork
from shardr.requests.facts import facts
from shardr.requests.placed import Placed
from shardr.requests.processing import processing_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa

    from shardr.requests.facts import Facts
    from shardr.spec.processing import ProcessingStep

    Frame: TypeAlias = pd.DataFrame | pa.Table

__all__ = ["call", "preview"]


def call(function: str, *args: Any, **kwargs: Any) -> Any:
    """What the R function ``function``, as ``"package::name"`` or a name of base R, returns.

    Data frames (pandas, pyarrow) and plain values cross unchanged, missing values included; the tables in
    `shardr.data.columns` and `shardr.data.values` say what becomes what. Formulas, functions, models and matrices
    of R do not cross: call a function that takes and returns data frames, vectors and lists of them.

    An argument that R spells with a dot may be written with an underscore, ``na_rm=True``, where the function has no
    argument of that very name; ``**{"na.rm": True}`` always works.

    Raises
    ------
    RCallError
        (of `shardr.rbridge`) If the R function fails; the message is R's.
    FrameError
        If an argument or the result cannot cross unchanged; lists all that cannot.
    RMissingError
        If R, rpy2 or the R package is missing; says how to install it.

    Warnings of R are warned here as `shardr.rbridge.RWarning`.

    Examples
    --------
    >>> call("stats::median", [3, 1, None], na_rm=True)  # doctest: +SKIP
    2.0
    """
    return rbridge.call(function, args, kwargs)


def preview(
    step: ProcessingStep, frame: Frame | Mapping[str, Frame], *, folder: str | Path = "."
) -> dict[str, pd.DataFrame]:
    """What the step's R script writes when it gets ``frame``, by output name; no job, no container, no file left.

    The script runs in the R of this process, alone (one instance of one), with a temporary folder in the place of
    an instance's, so it must find its folders by ``channel()``, ``read_channel()`` and ``write_output()``.
    ``frame`` goes to the step's only input as a CSV file with a header; a step of several inputs takes a dict by
    input name. Outputs are read from CSV, TSV, JSON lines and Parquet files, an output without any is left out.

    ``folder`` is the one that a relative ``step.code`` starts from, normally the folder of the spec.

    Raises
    ------
    SpecError
        If the step has no R script, or ``frame`` does not fit its inputs.
    RCallError
        (of `shardr.rbridge`) If the script fails, or has fixed paths below the instance's root.
    DataError
        If an output file cannot be read.

    Examples
    --------
    >>> preview(step, sample)["filtered"]  # doctest: +SKIP
    """
    script = _script(step, Path(folder))
    samples = _by_input(step, frame)
    with TemporaryDirectory(prefix="shardr-preview-") as base:
        about, tree = _instance(step, Path(base))
        for channel in about.inputs:
            tree.make(channel.path)
            if channel.name in samples:
                _write_csv(samples[channel.name], tree.at(channel.path) / "sample.csv")
        code = shutil.copy(script, tree.at(step.entrypoint[-1]))
        given = [str(code), base, list(step.arguments), dict(step.environment)]
        rbridge.call("shardr:::preview_script", given, {}, label=str(step.code))
        found = {output.name: _read_tables(tree.at(output.path)) for output in about.outputs}
    return {name: table for name, table in found.items() if table is not None}


def _script(step: ProcessingStep, folder: Path) -> Path:
    from shardr.spec.processing import ProcessingStep

    if not isinstance(step, ProcessingStep):
        raise SpecError(
            f"found {type(step).__name__}, expected a step",
            fix='a shardr.ProcessingStep, or shardr.validate("job.yml").step("filter")',
        )
    if step.code is None or Path(step.code).suffix.lower() != ".r":
        raise SpecError(
            f'step "{step.name}" has no R script to preview',
            why="its code is not set" if step.code is None else f"its code is {step.code}",
            fix="set code to a file that ends in .R",
        )
    script = folder / step.code
    if not script.is_file():
        raise SpecError(
            f'the script of step "{step.name}" is not there: {script}', fix="pass folder=, that of the spec"
        )
    return script


def _by_input(step: ProcessingStep, frame: Any) -> dict[str, Any]:
    names = [channel.name for channel in step.inputs]
    given = dict(frame) if isinstance(frame, dict) else {names[0]: frame} if len(names) == 1 else None
    if given is None or set(given) != set(names):
        raise SpecError(
            f'step "{step.name}" has the inputs {", ".join(names) or "(none)"}, '
            f"and the sample is for {', '.join(map(str, given)) if given else 'one input'}",
            fix="give a dict with one frame for each input",
        )
    return given


def _instance(step: ProcessingStep, base: Path) -> tuple[Facts, Tree]:
    """The facts of the step and the folder that stands for its only instance, config files written."""
    job = f"preview-{step.name}"
    alone = step.model_copy(update={"instance_count": 1})
    request = processing_request(
        alone,
        job=job,
        image_uri=step.image,
        role=f"arn:aws:iam::{ACCOUNT}:role/preview",
        inputs={channel.name: Placed("s3://preview/", "S3Prefix") for channel in step.inputs},
        outputs={output.name: "s3://preview/" for output in step.outputs},
        code=Placed("s3://preview/", "S3Prefix"),
        tags={},
    )
    about, tree = facts(request), Tree(base)
    (host,) = hosts(1)
    ProcessingWork(about, request, JobFolder(base)).prepare(tree, host, [host])
    return about, tree


def _write_csv(frame: Any, path: Path) -> None:
    import pyarrow as pa

    from shardr.data.formats import Format
    from shardr.data.write import write

    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    write(path, Format("csv"), table.schema, table.to_batches())


def _read_tables(folder: Path) -> pd.DataFrame | None:
    from shardr.data.formats import tabular
    from shardr.data.merge import read

    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and tabular(path)]
    return read(files).to_pandas() if files else None
