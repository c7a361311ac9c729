"""An S3Uri that is one object's key gives one file of the key's last name."""

from pathlib import Path

top = Path("/opt/ml/processing/input/in")
found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
assert found == ["a.csv"], found
