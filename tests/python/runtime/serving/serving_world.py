"""Models that are served as real processes, in R and in Python, and callers of them."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shardr._inst import inst

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = {"R": ["bash", str(inst("container", "serve.sh"))], "py": [sys.executable, "-m", "shardr.runtime.serving"]}
MODELS = {"R": 'saveRDS(list(a = 2, b = 3), "model.rds")', "py": '{"a": 2, "b": 3}'}

# what x asks for: -1 sleeps, -2 kills the worker, -3 kills it once, -4 grows, -5 fails, -6 answers too little
CODE = {
    "R": """
columns <- "x"
kept <- NULL
predict_fn <- function(model, data) {
  x <- data$x[1]
  if (x == -1) Sys.sleep(SECONDS)
  if (x == -2) tools::pskill(Sys.getpid(), 9)
  if (x == -3 && file.create("once") && length(list.files(".", "^died$")) == 0 && file.create("died")) {
    tools::pskill(Sys.getpid(), 9)
  }
  if (x == -4) kept <<- runif(2e7)
  if (x == -5) stop("no such luck")
  if (x == -6) return(numeric())
  if (x == -7) return(Sys.getpid())
  model$a * data$x + model$b
}
""",
    "py": """
import os, pathlib, time
columns = ["x"]
kept = []
here = pathlib.Path(__file__).parent
def predict_fn(model, data):
    x = data[0]["x"]
    if x == -1: time.sleep(SECONDS)
    if x == -2: os.kill(os.getpid(), 9)
    if x == -3 and not (here / "died").exists():
        (here / "died").touch()
        os.kill(os.getpid(), 9)
    if x == -4: kept.append(bytearray(os.urandom(1)) * 160_000_000)
    if x == -5: raise KeyError("no such luck")
    if x == -6: return []
    if x == -7: return [os.getpid()]
    return [model["a"] * row["x"] + model["b"] for row in data]
""",
}


class Answered(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]
    seconds: float


@dataclass
class Served:
    """A server that runs, and what it has printed."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(
        self, body: str | bytes | None, kind: str = "text/csv", accept: str = "", path: str = "/invocations",
        through: http.client.HTTPConnection | None = None,
    ) -> Answered:  # fmt: skip
        connection = through or self.connection()
        headers = {"Content-Type": kind} | ({"Accept": accept} if accept else {})
        begun = time.monotonic()
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        found = {name.lower(): value for name, value in answer.getheaders()}
        if through is None:
            connection.close()
        return Answered(answer.status, text, found, time.monotonic() - begun)

    def ping(self) -> Answered:
        return self.ask(None, path="/ping")

    def at_once(self, bodies: list[str]) -> list[Answered]:
        with ThreadPoolExecutor(len(bodies)) as callers:
            return list(callers.map(self.ask, bodies))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def model(folder: Path, language: str, code: str | None = None, name: str = "predict", seconds: float = 1) -> Path:
    """An ``/opt/ml`` with a model and the code of it."""
    (folder / "model/code").mkdir(parents=True)
    if language == "R":
        subprocess.run(["Rscript", "-e", MODELS["R"]], cwd=folder / "model", check=True)
    else:
        (folder / "model/model.json").write_text(MODELS["py"])
    text = (CODE[language] if code is None else code).replace("SECONDS", str(seconds))
    (folder / f"model/code/{name}.{language}").write_text(text)
    return folder


def start(folder: Path, language: str, **environment: str) -> Served:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"SHARDR_BASE_DIR": str(folder), "SAGEMAKER_BIND_TO_PORT": str(port)}
    given = os.environ | {"SHARDR_WORKERS": "2"} | settings | environment
    log = folder.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(COMMANDS[language], env=given, stdout=out, stderr=subprocess.STDOUT)
    return Served(process, port, log)


@contextmanager
def serving(folder: Path, language: str, **environment: str) -> Iterator[Served]:
    served = start(folder, language, **environment)
    try:
        until = time.monotonic() + 30
        while True:
            assert served.process.poll() is None, served.log.read_text()
            assert time.monotonic() < until, served.log.read_text()
            try:
                if served.ping().status == 200:
                    break
            except OSError:
                time.sleep(0.05)
        yield served
    finally:
        if served.process.poll() is None:
            served.stop()
