"""Requests of both kinds made comparable: places by what they are, lists by what names their items."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import clients
import yaml

import shardr
from shardr.local.home import Home
from shardr.requests.pipeline import CompiledStep, Retry, pipeline_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "differential"
SDKS = ("sagemaker-2", "sagemaker-3")
FILES = ("filter.R", "fit.py", "run.sh", "an odd näme.R", "data/a.csv", "data/b.csv", "more/e.csv", "one.csv")
OBJECTS = ("data/raw/a.csv", "data/raw/b.csv")
OWN_BUCKETS = ("sagemaker-us-east-1-123456789012", "shardr-local")
ODD = {"[]": r"\[\d+\]", "*": ".*"}
NOTHING, ANYTHING = "nothing", "anything"


@dataclass(frozen=True)
class Difference:
    """One field in which two requests are not alike."""

    case: str
    field: str
    ours: Any
    theirs: Any


def cases() -> dict[str, Any]:
    """The specs of the jobs and pipelines that are compared, each whole."""
    found = yaml.safe_load((HERE / "cases.yml").read_text(encoding="utf-8"))
    jobs = [{**job, "step": {"name": "work", "image": "image", **job["step"]}} for job in found["jobs"]]
    pipelines = [
        {**spec, "steps": [{"image": "image", **step} for step in spec["steps"]]} for spec in found["pipelines"]
    ]
    return {"jobs": jobs, "pipelines": pipelines}


def world(folder: Path) -> None:
    """The files that the cases name, in ``folder``, and the objects, in the home of this test."""
    s3 = Home.default().storage
    for name in FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x\n1\n", encoding="utf-8")
    for key in OBJECTS:
        s3.put(f"s3://{key}", b"x\n1\n")
    s3.put("s3://data/list.manifest", json.dumps([{"prefix": "s3://data/raw/"}, "a.csv", "b.csv"]).encode())


def theirs(sdk: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What this version of the SDK sends for the cases."""
    done = subprocess.run(
        [clients.python(sdk), HERE / "sdk.py"],
        input=json.dumps({**cases(), "folder": str(folder)}),
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PYTHONWARNINGS": "ignore",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            # nobody listens there: the SDK's telemetry reaches no one. A file of settings that turns it off would be
            # checked against its schema for each value looked up, which takes the SDK a second a job.
            "HTTPS_PROXY": "http://127.0.0.1:1",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def ours(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What shardr compiles the cases to."""
    jobs, pipelines = [], []
    for case in cases()["jobs"]:
        plan = shardr.plan(
            {"name": "case", "steps": [case["step"]], "tags": case.get("tags", {})}, base=folder, runner="docker"
        )
        jobs.append(plan.steps[0].jobs[0].request)
    for spec in cases()["pipelines"]:
        plan = shardr.plan(spec, base=folder)
        steps = {step["name"]: step for step in spec["steps"]}
        compiled = [
            CompiledStep(s.name, s.needs, job.request, cache=steps[s.name].get("cache"), retry=Retry(s.max_attempts))
            for s in plan.steps
            for job in s.jobs
        ]
        pipelines.append(pipeline_definition(compiled, run=plan.run, run_uri=f"s3://shardr-local/runs/{plan.run}"))
    return {"jobs": jobs, "pipelines": pipelines}


def differences(case: str, ours: Any, theirs: Any) -> list[Difference]:
    """All fields in which the two are not alike."""
    one, other = dict(fields(ours)), dict(fields(theirs))
    names = [*one, *(name for name in other if name not in one)]
    pairs = [(name, one.get(name, NOTHING), other.get(name, NOTHING)) for name in names]
    return [Difference(case, name, a, b) for name, a, b in pairs if a != b]


def fields(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Each field of a request with its value, both normalised."""
    if at.endswith("S3Uri"):
        yield at, place(value)
    elif at.endswith(("ProcessingJobName", "RoleArn")):
        yield at, f"<{at.rpartition('.')[2]}>"
    elif at.endswith("RetryPolicies"):
        for policy in value:  # one for all exceptions, or one for each kind of them
            for name in policy["ExceptionType"]:
                yield f"{at}[{name}]", {key: item for key, item in policy.items() if key != "ExceptionType"}
    elif at.endswith(("Tags", "Parameters")):
        for item in value:
            rest = {key: part for key, part in item.items() if key not in ("Key", "Name")}
            yield f"{at}[{item.get('Key') or item['Name']}]", rest
    elif at.endswith("Environment"):
        yield from ((f"{at}[{key}]", item) for key, item in value.items())
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from fields(item, f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        yield f"{at}[]", len(value)
        for i, item in enumerate(value):
            yield from fields(item, f"{at}[{i}]")
    else:
        yield at, value


def place(uri: Any) -> Any:
    """A place as it was named; one that was made up as what is there: a script, data put there, what a step leaves."""
    if isinstance(uri, dict):
        return uri if "Get" in uri else "<made>"  # the parts of which the SDK and we join a fresh place differ
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if bucket not in OWN_BUCKETS:
        return uri
    if code := re.search(r"(?:^|/)code/(?:[0-9a-f]+/)?([^/]+)$", key):
        return f"<code>/{code[1]}"
    return "<data>" if re.search(r"(?:^|/)(?:input|linked)/", key) else "<made>"


def on_purpose() -> list[dict[str, Any]]:
    """The differences that are meant: field, ours, sdk, why; ``only`` where one version of the SDK has it."""
    return list(yaml.safe_load((HERE / "on_purpose.yml").read_text(encoding="utf-8")))


def meant(entry: dict[str, Any], found: Difference) -> bool:
    """Whether an entry tells this difference; what it tells of a job holds in a step of a pipeline, too."""
    field = re.sub(r"^Steps\[\d+\]\.Arguments\.", "", found.field)
    # [] stands for any place in a list, and * for anything; brackets are no pattern's
    pattern = "".join(ODD.get(part, re.escape(part)) for part in re.split(r"(\[\]|\*)", entry["field"]))
    return bool(re.fullmatch(pattern, field)) and _fits(entry["ours"], found.ours) and _fits(entry["sdk"], found.theirs)


def _fits(told: Any, value: Any) -> bool:
    return told == value if told != ANYTHING else value != NOTHING
