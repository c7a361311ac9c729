"""Programs of others at a server of this test: started together, since they sleep for most of their time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import clients
import numpy as np
import worlds
import xgboost as xgb

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
GENERATE = ROOT / "inst/examples/bank-marketing/generate.py"
TITANIC = ROOT / "inst/examples/titanic-xgboost/generate.py"
OURS = Path(sys.executable).parent
ROWS = 800
PATIENCE_SECONDS = 240


class World:
    """A home with a server, data and scripts beside it, and the programs that were started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home of shardr"
        # Nothing of the tests' own environment: what the server prints must do.
        self.bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.served: dict[str, str] = {}
        self._started: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}

    def lay(self) -> None:
        """The rows and the scripts of the published example, as its folder has them."""
        shutil.copytree(PROGRAMS, self.folder, dirs_exist_ok=True)
        source = self.folder / "source"
        source.mkdir()
        shutil.copy(PROGRAMS / "trainer.py", source)
        generate = [sys.executable, GENERATE, self.folder / "dataset", "--rows", str(ROWS), "--files", "4"]
        subprocess.run(generate, check=True, capture_output=True)
        subprocess.run([sys.executable, "-B", TITANIC, self.folder / "titanic"], check=True, capture_output=True)
        self._lay_model()

    def _lay_model(self) -> None:
        """A model of XGBoost in a bucket, and rows to ask it about."""
        rows = np.random.default_rng(1).normal(size=(200, 3))
        np.savetxt(self.folder / "rows.csv", rows, delimiter=",", fmt="%.6f")
        data = xgb.DMatrix(rows, label=rows[:, 0] * 2 + rows[:, 1])
        self.model = xgb.train({"max_depth": 3, "verbosity": 0}, data, 3)
        archive = self.home / "s3/served/model.tar.gz"
        archive.parent.mkdir(parents=True)
        archive.write_bytes(worlds.packed({"xgboost-model": bytes(self.model.save_raw("ubj"))}))

    def shardr(self, *words: str) -> str:
        """What the command printed."""
        ours = {**self.bare, "SHARDR_HOME": str(self.home), "SHARDR_RUNNER": "process"}
        return subprocess.run([OURS / "shardr", *words], env=ours, check=True, capture_output=True, text=True).stdout

    def serve(self) -> None:
        """Starts the server in the background; what a shell has then that evaluates what it printed."""
        script = f"{self.shardr('serve', '--detach')}\nenv -0"
        printed = subprocess.run(
            ["bash", "-c", script], env=self.bare, check=True, capture_output=True, text=True
        ).stdout
        self.served = dict(pair.split("=", 1) for pair in printed.split("\0") if pair)

    def start(self, name: str, client: str, words: list[str | Path], **more: str) -> None:
        """Starts a program of a client with the client's programs first on its path."""
        log = self.folder / f"{name}.log"
        environment = {**(self.served or self.bare), **more}
        environment["PATH"] = f"{clients.python(client).parent}:{environment['PATH']}"
        with log.open("wb") as out:
            program = subprocess.Popen(words, env=environment, cwd=self.folder, stdout=out, stderr=subprocess.STDOUT)
        self._started[name] = program, log

    def printed(self, name: str) -> list[str]:
        """The lines of a program, which must end well."""
        program, log = self._started[name]
        status = program.wait(PATIENCE_SECONDS)
        text = log.read_text(encoding="utf-8", errors="replace")
        assert status == 0, f"{name} ended with {status}:\n{text[-4000:]}"
        return text.splitlines()

    def close(self) -> None:
        """Ends what still runs, and the server."""
        for program, _ in self._started.values():
            program.kill()
            program.wait()
        self.shardr("serve", "--stop")

    @property
    def asked(self) -> np.ndarray:
        """The rows that models are asked about."""
        return np.loadtxt(self.folder / "rows.csv", delimiter=",")

    def artifact(self, uri: str) -> bytes:
        """The one file of the model that a job of a built-in algorithm left."""
        with tarfile.open(self.home / "s3" / uri.removeprefix("s3://")) as archive:
            [name] = archive.getnames()
            file = archive.extractfile(name)
            assert file
            return file.read()

    def answers(self, uri: str) -> list[str]:
        """The lines of what a transform job answered about these rows."""
        return (self.home / "s3" / uri.removeprefix("s3://") / "rows.csv.out").read_text(encoding="utf-8").splitlines()

    def rows(self, uri: str) -> Iterator[str]:
        """The records of all files below a place."""
        for path in sorted((self.home / "s3" / uri.removeprefix("s3://")).rglob("*.csv")):
            yield from path.read_text(encoding="utf-8").splitlines()[1:]


def expected_rows(folder: Path) -> list[str]:
    """The records of the data without the columns that the filter drops."""
    dropped = {"duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed"}
    found = []
    for path in sorted((folder / "dataset").glob("*.csv")):
        names, *rows = (line.split(",") for line in path.read_text(encoding="utf-8").splitlines())
        kept = [i for i, name in enumerate(names) if name not in dropped]
        found += [",".join(row[i] for i in kept) for row in rows]
    return sorted(found)


def environment_in_process() -> dict[str, str]:
    """What a program of the SDK's needs to find shardr: its code, and rclone."""
    return {"PYTHONPATH": str(ROOT / "python"), "PATH": f"/usr/bin:/bin:{OURS}", "SHARDR_RUNNER": "process"}


def line(printed: list[str], word: str) -> str:
    """The rest of the line that begins with this word."""
    return next(text for text in printed if text.startswith(f"{word} ")).removeprefix(f"{word} ").strip()
