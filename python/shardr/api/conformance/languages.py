"""Which languages an image has, or this machine: asked by a job, as only an instance knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.api.conformance.clauses import COMMANDS
from shardr.api.conformance.trials import smallest_request
from shardr.engines.base import OVER
from shardr.errors import DataError, ImageError
from shardr.local import jobs
from shardr.local.programs import SERVE
from shardr.spec.places import ML

if TYPE_CHECKING:
    from shardr.local.service import LocalSageMaker

JOB = "languages"
LOOK_SECONDS = 0.02


def languages(service: LocalSageMaker, image: str | None, wanted: str | None) -> tuple[list[str], bool]:
    """Those of ``r`` and ``python`` that are there, or the one that is ``wanted``; and whether the image has ``serve``.

    Raises ``DataError`` for a language that there are no programs in, ``ImageError`` where one is missing.
    """
    if wanted not in {None, *COMMANDS}:
        raise DataError(f'there are no programs in the language "{wanted}"', fix='take "r" or "python"')
    asked = "; ".join(f"command -v {command} > /dev/null && echo {name}" for name, command in COMMANDS.items())
    asked += f"; command -v {SERVE} > /dev/null && echo {SERVE}"
    script = f"{{ {asked}; true; }} > {ML}/output/message"
    service.create_processing_job(**smallest_request(JOB, image or "none", ["sh", "-c", script]))
    while (about := service.describe_processing_job(ProcessingJobName=JOB))["ProcessingJobStatus"] not in OVER:
        jobs.nap(LOOK_SECONDS)
    where = f"the image {image}" if image else "this machine"
    if about["ProcessingJobStatus"] != "Completed":
        fix = "take an image with a shell; Rscript needs one, too" if image else "`shardr doctor` tells what is missing"
        raise ImageError(f"no job runs in {where}", why=about.get("FailureReason"), fix=fix)
    told = about.get("ExitMessage", "").split()
    found = [name for name in told if name != SERVE]
    missing = [wanted] if wanted and wanted not in found else [] if found else list(COMMANDS)
    if missing:
        raise ImageError(
            f"{where} has no {' and no '.join(COMMANDS[name] for name in missing)}",
            fix="the clauses are tried by programs in R or Python: take an image that has one of them on its PATH",
        )
    return [wanted] if wanted else found, SERVE in told
