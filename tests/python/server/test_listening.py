"""Who can reach a server: this machine alone, unless somebody asked for more, and the proxy never more."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from server_world import find, processes, serving

if TYPE_CHECKING:
    import pytest

    from shardr.local.serving import Served

LISTEN = "0A"


def listening(served: Served, home: Path) -> dict[int, str]:
    """Ports that the server and its children listen on, each with the address, as the system has them."""
    own = set()
    for pid in [served.pid, *(pid for pid, words in processes("rclone serve s3") if str(home) in words)]:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                own.add(str(descriptor.readlink()))
    found = {}
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/{served.pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == LISTEN and f"socket:[{line.split()[9]}]" in own:
                address, port = local.split(":")
                words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
                found[int(port, 16)] = socket.inet_ntop(family, b"".join(words))
    return found


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_only_this_machine_reaches_a_server(served: Served, home: Path) -> None:
    boto3.client("s3").list_buckets()
    found = listening(served, home)
    assert {port(served.url), port(served.s3_url), port(served.proxy_url)} < found.keys()  # and the proxy's own STS
    assert set(found.values()) == {"127.0.0.1"}


def test_the_proxy_stays_on_this_machine_when_the_apis_do_not(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    with serving(host="0.0.0.0") as served:
        find(monkeypatch, served)
        boto3.client("s3").list_buckets()
        found = listening(served, home)
        opened = {number for number, address in found.items() if address != "127.0.0.1"}
        assert opened == {port(served.url), port(served.s3_url)}
        assert len(found) == 4
