"""Folders in the keys of an input are folders below its LocalPath."""

from pathlib import Path

top = Path("/opt/ml/processing/input/in")
found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
assert found == ["a/b/c.csv", "a/d.csv", "e e.csv"], found
