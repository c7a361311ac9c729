"""The folder of an output exists before the program starts, wherever it is."""

from pathlib import Path

folder = Path("/opt/ml/processing/some/deep/place")
assert folder.is_dir()
(folder / "a.txt").write_text("written")
