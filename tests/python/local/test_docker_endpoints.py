"""Endpoints whose instances are containers."""

from __future__ import annotations

import base64
import os
import signal
from typing import TYPE_CHECKING

import docker_world
import pytest
import worlds
from docker_world import BASE, nothing_is_held
from endpoint_world import World

from shardr.local.docker.daemon import connect
from shardr.local.endpoints.store import Endpoints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "shardr-test/server"
# perl is all that the base image has to listen with
PERL = r"""
use Socket; $SIG{TERM} = sub { exit 0 };
socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
bind(S, sockaddr_in(8080, INADDR_ANY)); listen(S, 50);
while (accept(C, S)) {
  my ($head, $size, $body) = ("", 0, "");
  while (sysread(C, my $c, 1)) { $head .= $c; last if $head =~ /\r\n\r\n$/ }
  $size = $1 if $head =~ /content-length: *(\d+)/i;
  while (length($body) < $size) { sysread(C, $body, $size, length($body)) or last }
  my $said = $head =~ /^GET/ ? "" : uc($body) . -s "/opt/ml/model/xgboost-model";
  my $about = "Connection: close\r\nContent-Length: " . length($said);
  syswrite(C, "HTTP/1.1 200 OK\r\n$about\r\n\r\n$said");
  close(C);
}
"""


@pytest.fixture
def image(docker_host: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SHARDR_RUNNER", "docker")
    coded = base64.b64encode(PERL.encode()).decode()
    with docker_world.built(
        SERVER, f'FROM {BASE}\nRUN echo {coded} | base64 -d > /server.pl\nENTRYPOINT ["perl", "/server.pl"]\n'
    ) as name:
        yield name


@pytest.fixture
def world(home: Path, image: str) -> Iterator[World]:
    made = World(home)
    yield made
    made.close()


def test_containers_serve_are_started_again_and_leave_nothing(world: World, image: str, home: Path) -> None:
    world.model(image=image)
    world.served(config=world.config("c", {"InitialInstanceCount": 2}))
    found = world.invoke(body=b"abc")
    assert found["Body"].startswith(b"ABC")
    assert int(found["Body"][3:]) > 100  # the model is there
    held = [name for name in docker_world.held(home) if name.startswith("/")]
    assert len(held) == 2
    connect().kill(held[0].lstrip("/"))
    worlds.until(lambda: len({name for name in docker_world.held(home) if name.startswith("/")} - set(held)) == 1)
    worlds.until(lambda: world.about("e")["ProductionVariants"][0]["CurrentInstanceCount"] == 2)
    assert world.invoke(body=b"abc")["Body"].startswith(b"ABC")
    world.ask("DeleteEndpoint", EndpointName="e")
    worlds.until(lambda: not world.there("e"), 60)
    nothing_is_held(home)


def test_containers_of_a_keeper_that_was_killed_are_removed(world: World, image: str, home: Path) -> None:
    world.model(image=image)
    world.served(config=world.config("c"))
    row = Endpoints(world.account.home.store).find("e")
    assert row
    assert row.pid
    os.kill(row.pid, signal.SIGKILL)
    worlds.until(lambda: not docker_world.held(home))
    worlds.until(lambda: world.status("e") == "Failed")
