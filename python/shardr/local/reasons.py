"""Why a job failed, in the words of the script that did: the end of its log."""

from __future__ import annotations

import re
import shutil
import signal
from typing import TYPE_CHECKING, Any

from shardr.requests.facts import facts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shardr.local.home import JobFolder

TAIL_BYTES = 16_384
SHOWN = 5
"""How many instances are named that ended differently."""
DISK_FULL_BYTES = 65_536
ERROR = re.compile(r"^(Error\b|Fatal error\b|Traceback \(most recent call last\)|bwrap: )")
"""Where R, Rscript, Python and the sandbox begin to say what went wrong."""
LACKING = re.compile(r"there is no package called .(?P<r>[\w.]+)|No module named .(?P<python>\w+)")
LACKS = re.compile(r"there is no package called|No module named|is not in the image")
"""What R, Python and the docker runner say when an image does not have what a script uses."""


def host_failure(
    failed: Mapping[str, int], remarks: Mapping[str, str | None], job: JobFolder, count: int, said: str | None = None
) -> str:
    """The failure reason of a job: each failed instance with its exit code, then the error of the first.

    ``remarks`` says of a host what else is known of its end; ``said`` is what the script gave as its reason.
    """
    ended = {host: _ended(code, remarks.get(host)) for host, code in failed.items()}
    if len(failed) == count > 1 and len(set(ended.values())) == 1:
        ends = [f"all {count} instances {next(iter(ended.values()))}"]
    else:
        ends = [f"{host} of {count} {how}" for host, how in ended.items()]
        ends[SHOWN:] = [f"and {len(ends) - SHOWN} more"] if len(ends) > SHOWN else []
    text = said or error_text(job.log(next(iter(failed))))
    if shutil.disk_usage(job.root).free < DISK_FULL_BYTES:
        # the log is on the same disk: what the script said of it may be lost
        text = f"No space left on device: the disk of {job.root.parents[1]} is full\n{text}".rstrip()
    return ": ".join(["AlgorithmError", ", ".join(ends), *([text] if text else [])])


def _ended(code: int, remark: str | None) -> str:
    names = {128 + number: number.name for number in signal.Signals}
    if remark is None and code == 128 + signal.SIGKILL:
        remark = "out of memory is the usual cause"
    known = "; ".join(part for part in (names.get(code), remark) if part)
    return f"exited with code {code}" + (f" ({known})" if known else "")


def next_step(reason: str, request: Mapping[str, Any], runner: str) -> str | None:
    """What to do about a failure, where that is known."""
    if "out of memory: its limit" in reason:
        return "take a larger instance_type, or more instances that each hold less"
    if runner.startswith("process") and (lack := LACKING.search(reason)):
        how = f'install.packages("{lack["r"]}") in R' if lack["r"] else f"pip install {lack['python']}"
        return f"{how}, or take the runner docker and an image that has it"
    if runner == "docker" and LACKS.search(reason):
        about = facts(request)
        script = next((word for word in about.entrypoint or [] if word.endswith((".R", ".r", ".py"))), "")
        init = f"shardr images init {script.rpartition('/')[2]}".rstrip()
        return f"{about.image} lacks it: `{init}` makes an image that has it, to be named as the step's image"
    return None


def error_text(log: Path) -> str:
    """The last error in a log, from its first line to the end; the last lines when none looks like one."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = stream.read().decode("utf-8", "replace").rstrip().splitlines()
    except OSError:
        return ""
    starts = [i for i, line in enumerate(lines) if ERROR.match(line)]
    return "\n".join(lines[starts[-1] :] if starts else lines[-5:])
