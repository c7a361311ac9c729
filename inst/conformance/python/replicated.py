"""A FullyReplicated input is whole on every instance."""

from pathlib import Path

top = Path("/opt/ml/processing/input/in")
found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
assert found == ["a.csv", "b.csv", "c.csv"], found
