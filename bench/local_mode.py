"""A trivial R job on two instances, processing and training, beside the same in the official SDK's local mode.

python bench/local_mode.py [repeats]

Each is a Python program of its own, as a user would start it: the seconds of run(), and of the whole program. The SDK
is two SDKs, each in a virtual environment of its own, made by the first call of tools/clients.py. It runs containers
by docker-compose and wants an account even so: moto answers as AWS on loopback. What it leaves behind is removed.
"""

from __future__ import annotations

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import docker
from moto.server import ThreadedMotoServer

import shardr
from shardr.local.serving import NO_TELEMETRY

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools"))
import clients  # noqa: E402

PROGRAMS = ROOT / "bench" / "local_mode"
RUNNERS = ("docker", "process")
PEERS = {"2.257.7": "sagemaker-2", "3.27.0": "sagemaker-3"}
TRAINING = "2.257.7 training"
"""A peer: of the versions, only the second trains by a command alone."""
TARGETS = {("2.257.7", "docker"): 2, ("2.257.7", "process"): 10, ("3.27.0", "docker"): 10, ("3.27.0", "process"): 50}
TARGETS |= {(TRAINING, f"{runner} training"): TARGETS["2.257.7", runner] for runner in RUNNERS}
REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
PAUSE_SECONDS = 0.5  # the daemon still tidies up after the one before, and nobody is to pay for another


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of run(), which the program prints last, and of the whole program."""
    time.sleep(PAUSE_SECONDS)
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    whole = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1]), whole


class Leftovers:
    """What docker-compose has made for files below a folder; its network has one name for all, and may be another's."""

    def __init__(self, folder: str) -> None:
        self._folder, self._client = folder, docker.from_env()
        self._before = {network.id for network in self._networks()}

    def _networks(self) -> list:
        return self._client.networks.list(filters={"label": "com.docker.compose.network=sagemaker-local"})

    def remove(self) -> int:
        """Removes it; how many containers there were."""
        containers = self._client.containers.list(all=True, filters={"label": "com.docker.compose.project"})
        ours = [c for c in containers if c.labels["com.docker.compose.project.working_dir"].startswith(self._folder)]
        for container in ours:
            container.remove(force=True, v=True)
        for network in self._networks():
            if network.id not in self._before:
                network.remove()
        return len(ours)


def main() -> None:
    pythons = {version: str(clients.python(name)) for version, name in PEERS.items()}
    image = next(image for image in shardr.images() if image.name == "processing")
    uri = (shardr.build_image() if image.state == "missing" else image).uri
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the image's user is another
        script = Path(folder, "trivial.R")
        script.write_text("x <- 1\n")
        settings = Path(folder, "sdk.yaml")
        settings.write_text(NO_TELEMETRY)
        aws = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
        aws.start()
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEMAKER_"))}
        theirs |= {
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": "http://{}:{}".format(*aws.get_host_and_port()),
            "SAGEMAKER_USER_CONFIG_OVERRIDE": str(settings),
            "TMPDIR": folder,
        }
        ours = {**os.environ, "SHARDR_HOME": str(Path(folder, "home"))}
        ways = {name: ([sys.executable, str(PROGRAMS / "ours.py"), name, str(script)], ours) for name in RUNNERS}
        for version in PEERS:
            ways[version] = ([pythons[version], str(PROGRAMS / "sdk.py"), uri, str(script)], theirs)
        for name in RUNNERS:
            ways[f"{name} training"] = ([sys.executable, str(PROGRAMS / "ours_training.py"), name], ours)
        ways[TRAINING] = ([pythons["2.257.7"], str(PROGRAMS / "sdk_training.py"), uri], theirs)
        left = Leftovers(folder)
        try:
            for way in ways.values():  # the first time compiles Python's files and reads them from the disk
                timed(*way)
            rounds = []
            for turn in range(REPEATS):
                names = list(ways)[:: -1 if turn % 2 else 1]
                rounds.append({name: timed(*ways[name]) for name in names})
        finally:
            print(f"the SDK left {left.remove()} containers behind; removed")
            aws.stop()
    report(rounds)


def report(rounds: list[dict[str, tuple[float, float]]]) -> None:
    """A line for each peer and each of our runners: how many times as long the peer takes, in the median round."""
    for (version, runner), target in TARGETS.items():
        parts = []
        for i, what in enumerate(("run()", "whole program")):
            theirs, ours = ([found[name][i] for found in rounds] for name in (version, runner))
            ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
            a, b = statistics.median(theirs), statistics.median(ours)
            parts.append(f"{what} {ratio:.1f} x ({a:.2f} s vs {b:.2f} s)")
        print(f"sagemaker {version} local mode beside {runner}: {', '.join(parts)} target >= {target}")


if __name__ == "__main__":
    main()
