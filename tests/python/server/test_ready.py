"""A server that says it is ready has read what its answers are made of."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import worlds
from server_world import serving

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from shardr.local import wire
from shardr.local.account import Account
from shardr.local.home import Home
from shardr.requests.service_model import service_model
from shardr.server.running import Wish, serve

home = Home(Path(sys.argv[1]))
ASKED = [
    *((f"SageMaker.{name}", b"{}") for name in ("ListProcessingJobs", "ListPipelines")),
    ("SageMaker.DescribeProcessingJob", b'{"ProcessingJobName": "nobody"}'),
    ("SageMaker.StartPipelineExecution", b'{"PipelineName": "nothing"}'),
    ("Logs_20140328.DescribeLogGroups", b"{}"),
    ("Logs_20140328.FilterLogEvents", b'{"logGroupName": "none"}'),
    (None, b"Action=GetCallerIdentity&Version=2011-06-15"),
    (None, b"Action=GetRole&RoleName=me&Version=2010-05-08"),
]

def loaded():
    return service_model.cache_info().misses, sorted(name for name in sys.modules if name.startswith("shardr."))

def ready(served):
    before, statuses = loaded(), []
    for target, body in ASKED:
        headers = {"content-type": "application/x-www-form-urlencoded"} if target is None else {"x-amz-target": target}
        statuses.append(wire.answer(Account(home), headers, body).status)
    for target in ("SageMaker.ListEndpoints", "SageMaker.ListModels"):
        statuses.append(wire.answer(Account(home), {"x-amz-target": target}, b"{}").status)
    statuses.append(wire.answer(Account(home), {}, b"1,2", "/endpoints/nobody/invocations").status)
    after = loaded()
    print(json.dumps({"models": [before[0], after[0]], "new": sorted({*after[1]} - {*before[1]}), "were": statuses}))
    os.kill(os.getpid(), signal.SIGTERM)

serve(Wish(home), ready)
"""


def test_no_request_of_a_ready_server_waits_for_a_model_or_an_operation_to_be_read(home: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, str(home)], capture_output=True, text=True, check=False)
    told = json.loads(ended.stdout or f'"{ended.stderr}"')
    assert told == {"models": [5, 5], "new": [], "were": [200, 200, 400, 400, 200, 400, 200, 200, 200, 200, 400]}


def test_a_server_has_asked_where_r_lives_before_there_is_a_job(home: Path) -> None:
    with serving():
        worlds.until((home / "r.json").exists)
