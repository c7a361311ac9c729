"""Fetching from S3 on loopback (rclone over a folder): shardr beside obstore, boto3, its CRT, and rclone.

    python bench/s3.py [megabytes]

One large object and many small ones. Each tool in a process of its own, all in turn in each round; the lowest time of
the rounds counts. Without obstore or awscrt, which it needs beside what users need, that tool is left out and said so:
without obstore, shardr fetches small objects by boto3.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from places import served
from programs import figures

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
SMALL, SMALL_BYTES, ROUNDS, TARGET = 500, 200_000, 3, 0.8

COMMON = """
import os, sys, time
from pathlib import Path
import boto3
prefix, to = sys.argv[1], Path(sys.argv[2])
client = boto3.client("s3")
"""
PROGRAMS = {
    "shardr": COMMON
    + """
from shardr.engines.aws import Aws
from shardr.storage.s3 import S3Storage
aws = Aws()
storage = S3Storage(aws.client("s3"), session=aws.session)
start = time.perf_counter()
found = list(storage.found(f"s3://data/{prefix}"))
storage.fetch([(item, to / item.uri.rpartition("/")[2]) for item in found])
print(time.perf_counter() - start)
""",
    "boto3": COMMON
    + """
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.config import Config
client = boto3.client("s3", config=Config(max_pool_connections=32))
start = time.perf_counter()
to.mkdir(parents=True)
under_way = []
with create_transfer_manager(client, TransferConfig(multipart_chunksize=16 << 20)) as manager:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="data", Prefix=prefix):
        for item in page["Contents"]:
            under_way.append(manager.download("data", item["Key"], str(to / item["Key"].rpartition("/")[2])))
    for future in under_way:
        future.result()
print(time.perf_counter() - start)
""",
    "boto3+CRT": COMMON
    + """
import botocore.session
from s3transfer.crt import (
    BotocoreCRTCredentialsWrapper, BotocoreCRTRequestSerializer, CRTTransferManager, create_s3_crt_client
)
# by hand: boto3's own "preferred_transfer_client" speaks TLS only
session = botocore.session.get_session()
given = BotocoreCRTCredentialsWrapper(session.get_credentials()).to_crt_credentials_provider()
crt = create_s3_crt_client("us-east-1", crt_credentials_provider=given, use_ssl=False, part_size=16 << 20)
start = time.perf_counter()
to.mkdir(parents=True)
serializer = BotocoreCRTRequestSerializer(session, {"endpoint_url": os.environ["AWS_ENDPOINT_URL"]})
with CRTTransferManager(crt, serializer) as manager:
    under_way = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="data", Prefix=prefix):
        for item in page["Contents"]:
            under_way.append(manager.download("data", item["Key"], str(to / item["Key"].rpartition("/")[2])))
    for future in under_way:
        future.result()
print(time.perf_counter() - start)
""",
    "obstore": COMMON
    + """
from concurrent.futures import ThreadPoolExecutor
import obstore
from obstore.store import S3Store
store = S3Store("data", endpoint=os.environ["AWS_ENDPOINT_URL"], region="us-east-1", virtual_hosted_style_request=False,
                client_options={"allow_http": True})
start = time.perf_counter()
to.mkdir(parents=True)
items = [item for batch in obstore.list(store, prefix) for item in batch]
def fetch(path):
    # whole objects: ranges of rclone's come with status 200, which obstore refuses
    with open(to / path.rpartition("/")[2], "wb") as out:
        for block in obstore.get(store, path).stream(min_chunk_size=4 << 20):
            out.write(block)
with ThreadPoolExecutor(10) as pool:
    list(pool.map(lambda item: fetch(item["path"]), items))
print(time.perf_counter() - start)
""",
}


def rclone(prefix: str, to: Path, url: str) -> float:
    program = str(Path(sys.prefix, "bin", "rclone"))
    remote = f':s3,provider=Other,env_auth=true,endpoint="{url}":data/{prefix}'
    start = time.perf_counter()
    subprocess.run(
        [program, "copy", "--config=", "--transfers=10", remote, os.fspath(to)], check=True, capture_output=True
    )
    return time.perf_counter() - start


def fetched(tool: str, prefix: str, to: Path, url: str) -> float:
    if tool == "rclone":
        return rclone(prefix, to, url)
    return figures([sys.executable, "-c", PROGRAMS[tool], prefix, to])[0]


def fill(root: Path) -> None:
    (root / "data" / "large").mkdir(parents=True)
    (root / "data" / "small").mkdir()
    with (root / "data" / "large" / "big").open("wb") as out:
        for _ in range(MEGABYTES):
            out.write(os.urandom(10**6))
    for i in range(SMALL):
        (root / "data" / "small" / f"{i:04}").write_bytes(os.urandom(SMALL_BYTES))


def main() -> None:
    tools = [*PROGRAMS, "rclone"]
    for module, tool in (("obstore", "obstore"), ("awscrt", "boto3+CRT")):
        if find_spec(module) is None:
            tools.remove(tool)
            print(f"{module} is not installed and left out (pip install {module})")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        fill(root / "s3")
        with served(root / "s3") as url:
            for prefix, size in (("large/", MEGABYTES), ("small/", SMALL * SMALL_BYTES / 1e6)):
                best = dict.fromkeys(tools, float("inf"))
                for _ in range(ROUNDS):
                    for tool in tools:
                        best[tool] = min(best[tool], fetched(tool, prefix, root / "to", url))
                        count = len(list((root / "to").iterdir()))
                        assert count == (1 if prefix == "large/" else SMALL), (tool, count)
                        shutil.rmtree(root / "to")
                speeds = {tool: size / seconds for tool, seconds in best.items()}
                others = max(speed for tool, speed in speeds.items() if tool != "shardr")
                shown = ", ".join(f"{tool} {speed:.0f} MB/s" for tool, speed in speeds.items())
                print(f"{prefix[:-1]}: {speeds['shardr'] / others:.2f} × the best ({shown}), target >= {TARGET}")


if __name__ == "__main__":
    main()
