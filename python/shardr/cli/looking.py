"""Commands that look at what runs and ran: jobs, describe, logs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from shardr.cli.output import count, painted, seconds, size, state
from shardr.cli.parser import UsageError, near
from shardr.engines.streaming import together
from shardr.errors import NotFoundError
from shardr.local.contract import hosts
from shardr.requests.facts import kind_of

if TYPE_CHECKING:
    import argparse

    from shardr.api.run import Run
    from shardr.cli.output import Cell, Output
    from shardr.cli.parser import Parser
    from shardr.engines.base import LogLine

JOBS_HEAD = ("run", "step", "status", "instances", "rows in", "rows out", "seconds", "started")
NUMBERS = JOBS_HEAD[3:7]
SHOWN_INSTANCES = 10
SHOWN_RUNS = 20
INSTANCE_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


def declare_jobs(parser: Parser) -> None:
    """Options of ``shardr jobs``."""
    parser.add_argument(
        "--limit", metavar="N", type=int, help=f"only the N newest runs (default: {SHOWN_RUNS}, with --json all)"
    )
    parser.add_argument("--all", action="store_true", help="all runs")


def jobs(options: argparse.Namespace, out: Output) -> int:
    """Lists the steps of all runs, newest run first."""
    from shardr.api.jobs import jobs as all_jobs

    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit: found {options.limit}, expected 1 or more")
    found = all_jobs(None if options.all else options.limit)
    out.answer({"jobs": found})
    if found:
        runs = list(dict.fromkeys(job["run"] for job in found))
        shown = set(runs if options.all or options.limit else runs[:SHOWN_RUNS])
        rows = [job for job in found if job["run"] in shown]
        streams = [", ".join(f"{name} {progress}" for name, progress in job["streaming"].items()) for job in rows]
        streaming = any(streams)
        head = JOBS_HEAD + ("streaming",) * streaming
        cells = [[*_job(job), *[told] * streaming] for job, told in zip(rows, streams, strict=True)]
        out.table(head, cells, numbers=NUMBERS)
        if len(shown) < len(runs):
            out.say((f"and {count(len(runs) - len(shown), 'older run')}: shardr jobs --all", "dim"))
    else:
        out.say("no job has run here yet; start with: shardr example && shardr run bank-marketing/job.yml")
    return 0


def _job(job: dict[str, Any]) -> list[Cell]:
    numbers = (count(job["instances"]), count(job["rows_in"]), count(job["rows_out"]), seconds(job["seconds"]))
    return [job["run"], job["step"], state(job["status"]), *numbers, _when(job["created"])]


def _when(created: str) -> str:
    """``14:05`` for today, else the date and the time, of where you are."""
    moment = datetime.fromisoformat(created).astimezone()
    today = moment.date() == datetime.now(moment.tzinfo).date()
    return moment.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def declare_describe(parser: Parser) -> None:
    """Options of ``shardr describe``."""
    parser.add_argument("id", metavar="ID", help="id of a run or of a job")


def describe(options: argparse.Namespace, out: Output) -> int:
    """Tells all about a run or a job."""
    from shardr.api.jobs import describe as described
    from shardr.cli.known import hinted

    with hinted(options.id):
        found = described(options.id)
    out.answer(found)
    if out.json:
        return 0
    if "steps" not in found:
        _say_job(found, out)
        return 0
    out.say("run ", (found["run"], "bold"), "  ", state(found["status"]), f"  since {_when(found['created'])}")
    for step in found["steps"]:
        out.say()
        for name in step["jobs"]:
            _say_job(described(name), out)
        if not step["jobs"]:
            out.say(("step ", "dim"), (step["name"], "bold"), "  ", state(step["status"]))
            for line in (step["failure"] or "").splitlines():  # of a pipeline: it failed before it had a job
                out.say("  ", (line, "red"))
        for name, output in step["outputs"].items():
            rows = "" if output["rows"] is None else f"{count(output['rows'], 'row')}, "
            out.say(f"  output {name}: {rows}{count(len(output['files']), 'file')}")
            for file in output["files"]:
                out.say("    ", (file, "dim"))
    return 0


def _say_job(job: dict[str, Any], out: Output) -> None:
    ours, kind = job["Shardr"], kind_of(job)
    name, status, ended = kind.name_of(job), job[f"{kind.noun}Status"], job.get(kind.ended)
    took = "" if ended is None else f"  {seconds((ended - job['CreationTime']).total_seconds())} s"
    if ours["step"]:
        out.say(("step ", "dim"), (ours["step"], "bold"), "  ", state(status), took)
        out.say(("  job ", "dim"), name)
    else:  # of no run: a client submitted it
        out.say(("job ", "dim"), (name, "bold"), "  ", state(status), took)
    if ours.get("rows_in") is not None or ours.get("rows_out") is not None:
        out.say(("  rows ", "dim"), f"{count(ours.get('rows_in'))} in, {count(ours.get('rows_out'))} out")
    for channel, come in ours.get("downloaded", {}).items():
        out.say((f"  {channel} ", "dim"), f"{size(come['bytes'])} of {size(come['of'])} from S3")
    for host, about in ours["hosts"].items():
        code = "" if about.get("exit_code") is None else f", exit code {about['exit_code']}"
        after = "" if about.get("seconds") is None else f" after {seconds(about['seconds'])} s"
        out.say(f"  {host}  ", state(about["state"]), f"{code}{after}  ", (about["log"], "dim"))
        for channel, sent in together([about]).items():
            rate = f", {size(round(sent.bytes_per_second))}/s" if sent.bytes_per_second else ""
            now = f", {sent.progress}" if about["state"] == "InProgress" else ""
            so_far = f"{size(sent.bytes)} in {count(sent.epochs, 'epoch')}{rate}{now}"
            out.say((f"    {channel} ", "dim"), so_far if sent.epochs else sent.progress)
    for item in job.get("FinalMetricDataList", []):
        out.say((f"  {item['MetricName']} ", "dim"), f"{item['Value']:g}")
    if "ExitMessage" in job:
        out.say(("  message ", "dim"), job["ExitMessage"].rstrip("\n").replace("\n", "\n          "))
    if "FailureReason" in job:
        for line in job["FailureReason"].splitlines():
            out.say("  ", (line, "red"))


def declare_logs(parser: Parser) -> None:
    """Options of ``shardr logs``."""
    parser.add_argument("id", metavar="ID", help="id of a run or of a job")
    parser.add_argument("--follow", "-f", action="store_true", help="print what comes, until the run is over")
    parser.add_argument("--step", metavar="STEP", help="only this step")
    parser.add_argument("--instance", metavar="HOST", help="only this instance, for example algo-2")


def logs(options: argparse.Namespace, out: Output) -> int:
    """Prints what the instances printed, each line with its step and instance in front."""
    from shardr.api.jobs import run_of
    from shardr.cli.known import hinted

    with hinted(options.id):
        run, step = run_of(options.id)
    if options.instance:
        _check_instance(run, options.instance)
    lines = run.logs(step=options.step or step, instance=options.instance, follow=options.follow)
    if out.json:
        found = [{"step": line.step, "instance": line.instance, "job": line.job, "text": line.text} for line in lines]
        out.answer({"run": run.id, "status": run.refresh().status, "lines": found})
        return 0
    colours: dict[tuple[str, str], str] = {}
    for line in lines:
        print(_prefixed(line, colours, on=out.colour), flush=options.follow)
    if not colours:
        out.note(("nothing was printed", "dim"))
        if run.refresh().status == "Failed":
            out.note(("see why it failed: ", "dim"), f"shardr describe {run.id}")
    return 0


def _check_instance(run: Run, instance: str) -> None:
    most = hosts(max(step.instances for step in run.steps))
    known = list(dict.fromkeys([*most, *(host.host for step in run.steps for host in step.hosts)]))
    if instance not in known:
        raise NotFoundError(
            f'run {run.id} has no instance "{instance}"{near(instance, known)}',
            fix=f"it has {', '.join(known[:SHOWN_INSTANCES])}{', …' if len(known) > SHOWN_INSTANCES else ''}",
        )


def _prefixed(line: LogLine, colours: dict[tuple[str, str], str], *, on: bool) -> str:
    who = (line.step, line.instance)
    style = colours.setdefault(who, INSTANCE_COLOURS[len(colours) % len(INSTANCE_COLOURS)])
    return f"{painted((f'{line.step}/{line.instance} |', style), on=on)} {line.text}"
