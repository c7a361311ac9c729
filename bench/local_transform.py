"""400 rows through a model in R in a container, a request for each: a transform job beside the SDK's local mode.

    python bench/local_transform.py [repeats]

The same image, model and rows; each way is a Python program of its own, and what counts is transform(): the container
starts, answers and is removed. Version 2 of the SDK is made by tools/clients.py; moto answers as AWS on loopback.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import tarfile
import tempfile
from pathlib import Path

from local_mode import PROGRAMS, Leftovers, timed
from moto.server import ThreadedMotoServer
from rounds import compared
from serving import R

import shardr
from shardr.local.serving import NO_TELEMETRY

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
import clients

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
ROWS, TARGET = 400, 8
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip


def lay(bucket: Path) -> None:
    """The model with its code, and the rows."""
    (bucket / "in").mkdir(parents=True)
    (bucket / "in/rows.csv").write_text("".join(f"{i % 25}\n" for i in range(ROWS)))
    with tarfile.open(bucket / "model.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("code/inference.R")
        member.size = len(R.encode())
        archive.addfile(member, io.BytesIO(R.encode()))


def main() -> None:
    image = next(image for image in shardr.images() if image.name == "serving")
    uri = (shardr.build_image("serving") if image.state == "missing" else image).uri
    with tempfile.TemporaryDirectory() as folder:
        bucket, settings = Path(folder, "home/s3/any"), Path(folder, "sdk.yaml")
        lay(bucket)
        settings.write_text(NO_TELEMETRY)
        aws = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        aws.start()
        endpoint = "http://{}:{}".format(*aws.get_host_and_port())
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEMAKER_"))}
        theirs |= {**SETTINGS, "AWS_ENDPOINT_URL": endpoint, "SAGEMAKER_USER_CONFIG_OVERRIDE": str(settings)}
        ours = {**os.environ, "SHARDR_HOME": str(Path(folder, "home")), "SHARDR_RUNNER": "docker"}
        sdk = [str(clients.python("sagemaker-2")), str(PROGRAMS / "sdk_transform.py"), uri, str(bucket)]
        ways = {
            "ours": ([sys.executable, str(PROGRAMS / "ours_transform.py"), uri, "any"], ours),
            "theirs": (sdk, theirs | {"TMPDIR": folder}),
        }
        left = Leftovers(folder)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        try:
            for turn in range(REPEATS):
                for name in list(ways)[:: -1 if turn % 2 else 1]:
                    seconds[name].append(timed(*ways[name])[0])
                    answers = (bucket / "out/rows.csv.out").read_text().split()
                    assert len(answers) == ROWS, (name, len(answers))
                    (bucket / "out/rows.csv.out").unlink()
        finally:
            print(f"the SDK left {left.remove()} containers behind; removed")
            aws.stop()
    ratio, a, b = compared(seconds["theirs"], seconds["ours"])
    print(f"{ROWS} rows through local mode of sagemaker 2.257.7 beside a transform job: {ratio:.1f} x", end=" ")
    print(f"({a:.1f} s vs {b:.2f} s) target >= {TARGET}")


if __name__ == "__main__":
    main()
