"""Files of an output are kept in their folders, byte for byte."""

from pathlib import Path

out = Path("/opt/ml/processing/output/out")
(out / "a/b").mkdir(parents=True)
(out / "a/b/c.txt").write_bytes("1,Zo\u00eb\r\n".encode())
(out / "a/d.txt").write_text("d")
(out / "e e.txt").touch()
