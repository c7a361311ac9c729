"""A trivial R job on two instances in containers, beside two bare ``docker run`` of the same image side by side.

python bench/containers.py [repeats]

The process runner does the same job in the same rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rounds import compared, seconds_of

import shardr

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
TARGET = 1.3
PAUSE_SECONDS = 0.5  # the daemon still tidies up after the one before, and nobody is to pay for another


def main() -> None:
    image = next(image for image in shardr.images() if image.name == "processing")
    uri = (shardr.build_image() if image.state == "missing" else image).uri
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the image's user is another
        os.environ["SHARDR_HOME"] = str(Path(folder, "home"))
        script = Path(folder, "trivial.R")
        script.write_text("x <- 1\n")
        spec = {"name": "trivial", "steps": [{"name": "work", "code": script.name, "instance_count": 2}]}

        def job(runner: str) -> None:
            shardr.run(spec, base=Path(folder), runner=runner)

        def bare() -> None:
            command = ["docker", "run", "--rm", "-v", f"{script}:/trivial.R:ro", uri, "Rscript", "/trivial.R"]
            for process in [subprocess.Popen(command) for _ in range(2)]:
                if process.wait():
                    sys.exit("docker run failed")

        ways = {"docker": lambda: job("docker"), "process": lambda: job("process"), "docker run": bare}
        seconds = seconds_of(ways, REPEATS, PAUSE_SECONDS)

    for runner, target in {"docker": f" target <= {TARGET}", "process": ""}.items():
        ratio, ours, theirs = compared(seconds[runner], seconds["docker run"])
        print(
            f"trivial R job on 2 instances, {runner}: {ratio:.2f} x two docker run in parallel "
            f"({ours:.3f} s vs {theirs:.3f} s, median of {REPEATS} rounds){target}"
        )


if __name__ == "__main__":
    main()
