"""Symbolic links in an output are not followed, neither to files nor to folders."""

from pathlib import Path

out = Path("/opt/ml/processing/output/out")
(out / "kept.txt").write_text("kept")
(out / "file.txt").symlink_to("/etc/passwd")
(out / "folder").symlink_to("/etc")
