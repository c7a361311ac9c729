"""The server's answers against what HTTP itself costs here, and beside moto's, in one run.

    python bench/serve.py [--repeat 200]

The same raw client sends each request over one connection. The limit is a server of uvicorn that says "{}" to
whatever it is asked; moto answers the same requests as AWS would, but runs nothing. Prints medians, rates and ratios;
fails when a target is missed: a job created in 15 ms, 1,000 descriptions a second, 500 jobs listed in 0.5 s.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from moto.server import ThreadedMotoServer

JOBS = 500
CREATE_MS, DESCRIBE_PER_S, LIST_S = 15, 1000, 0.5
LIMIT = """
import socket, uvicorn
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})
listening = socket.create_server(("127.0.0.1", 0))
listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print(listening.getsockname()[1], flush=True)
config = uvicorn.Config(app, http="h11", lifespan="off", access_log=False, log_level="error", timeout_keep_alive=600)
server = uvicorn.Server(config)
server.run(sockets=[listening])
"""


class Client:
    """Sends operations over one connection."""

    def __init__(self, url: str) -> None:
        self._line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)

    def __call__(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"SageMaker.{operation}",
            # moto takes service and region from it
            "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sagemaker/aws4_request, "
            "SignedHeaders=host, Signature=0",
        }
        self._line.request("POST", "/", json.dumps(request), headers)
        reply = self._line.getresponse()
        answer = json.loads(reply.read())
        if reply.status != 200:
            sys.exit(f"{operation}: {reply.status} {answer}")
        return answer


def job(name: str) -> dict[str, Any]:
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    return {
        "ProcessingJobName": name,
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["true"]},
        "RoleArn": "arn:aws:iam::000000000000:role/anyone",
    }


def creating(client: Client, repeat: int, pause: float) -> float:
    """Milliseconds of a creation, the median; between two, time for the job to end, as a user's next would have."""
    times = []
    for i in range(repeat):
        start = time.perf_counter()
        client("CreateProcessingJob", job(f"create-{i}"))
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(pause)
    return statistics.median(times)


def describing(client: Client, seconds: float = 2) -> float:
    """Descriptions in a second."""
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        client("DescribeProcessingJob", {"ProcessingJobName": "create-0"})
        count += 1
    return count / (time.perf_counter() - start)


def listing(client: Client) -> tuple[float, int]:
    """Seconds in which all jobs are walked, 100 a page, and how many there are."""
    start, found, token = time.perf_counter(), 0, {}
    while True:
        page = client("ListProcessingJobs", {"MaxResults": 100, **token})
        found += len(page["ProcessingJobSummaries"])
        if "NextToken" not in page:
            return time.perf_counter() - start, found
        token = {"NextToken": page["NextToken"]}


def fill(home: Path) -> None:
    """Jobs that are over, as many as are to be listed, without the time that it takes to run them."""
    from shardr.local.home import Home
    from shardr.local.store import Store

    store = Store(Home(home).store)
    for i in range(JOBS - len(store.jobs())):
        store.add_job(f"filled-{i}", "processing", job(f"filled-{i}"), None, None)
        store.update_job(f"filled-{i}", status="Completed", ended=time.time())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=200)
    repeat = parser.parse_args().repeat
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(SHARDR_HOME=str(Path(folder, "home")), SHARDR_RUNNER="process")
        import shardr

        served = shardr.serve()
        limit = subprocess.Popen([sys.executable, "-c", LIMIT], stdout=subprocess.PIPE, text=True)
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        moto.start()
        try:
            ours = Client(served.url)
            least = Client(f"http://127.0.0.1:{limit.stdout.readline().strip()}")
            time.sleep(0.5)
            least("DescribeProcessingJob", {})
            peer = Client("http://{}:{}".format(*moto.get_host_and_port()))
            create, floor = creating(ours, repeat, 0.2), creating(least, repeat, 0)
            rate, most = describing(ours), describing(least)
            creating(peer, repeat, 0)
            peer_rate = describing(peer)
            fill(Path(folder, "home"))
            seconds, found = listing(ours)
            for i in range(JOBS - repeat):
                peer("CreateProcessingJob", job(f"filled-{i}"))
            peer_seconds, peer_found = listing(peer)
        finally:
            shardr.serve_stop()
            limit.kill()
            moto.stop()
    print(
        f"CreateProcessingJob: median {create:.1f} ms of {repeat}; HTTP alone {floor:.1f} ms (target <= {CREATE_MS} ms)"
    )
    print(
        f"DescribeProcessingJob: {rate:.0f}/s; HTTP alone {most:.0f}/s; {rate / most:.2f} of it"
        f" (target >= {DESCRIBE_PER_S}/s)"
    )
    print(f"  moto: {peer_rate:.0f}/s; {rate / peer_rate:.1f} x")
    print(
        f"{found} jobs in one walk of pages: {seconds:.2f} s (target <= {LIST_S} s);"
        f" moto, {peer_found}: {peer_seconds:.2f} s"
    )
    return int(create > CREATE_MS or rate < DESCRIBE_PER_S or seconds > LIST_S)


if __name__ == "__main__":
    sys.exit(main())
