"""The examples that ride with the package, copied to where they can be changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from shardr._inst import inst
from shardr.errors import NotFoundError, SpecError


def example(name: str = "bank-marketing", to: str | Path | None = None) -> Path:
    """The folder of an example, copied to ``to`` (default: a folder of its name here), with its data generated.

    Raises ``NotFoundError`` naming the examples there are, ``SpecError`` when the folder exists.
    """
    known = sorted(folder.name for folder in inst("examples").iterdir() if folder.is_dir())
    if name not in known:
        raise NotFoundError(f'there is no example "{name}"', fix=f"there are {', '.join(known)}")
    target = Path(to or name).expanduser()
    if target.exists() and any(target.iterdir()):
        raise SpecError(f"{target} is there already and not empty", fix="name another folder")
    shutil.copytree(inst("examples", name), target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dataset"))
    generator = target / "generate.py"
    if generator.exists():
        subprocess.run([sys.executable, "-B", generator.name, "dataset"], cwd=target, check=True, capture_output=True)
    return target
