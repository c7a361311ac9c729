"""An S3Uri is a prefix of text; what begins with it comes, named from the prefix's last slash on."""

from pathlib import Path

top = Path("/opt/ml/processing/input/in")
found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
assert found == ["train-b.csv", "train/a.csv"], found
