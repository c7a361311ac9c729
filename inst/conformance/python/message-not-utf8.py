"""A message that is not valid UTF-8 fails the job."""

from pathlib import Path

Path("/opt/ml/output/message").write_bytes(b"a\xffb")
Path("/opt/ml/processing/output/out/a.txt").write_text("written")
