"""An S3Uri is a prefix of text; what begins with it comes, a folder that it spells out is no part of names."""

from pathlib import Path

top = Path("/opt/ml/processing/input/in")
found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
assert found == ["a.csv", "train-b.csv"], found
