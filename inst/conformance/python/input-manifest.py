"""A manifest's S3Uri gives the objects that it names, and no other."""

from pathlib import Path

top = Path("/opt/ml/processing/input/in")
found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
assert found == ["a.csv", "deep/b.csv"], found
