"""Of a ShardedByS3Key channel in mode Pipe each object is streamed to one instance, half of four to each of two."""

from pathlib import Path

found = Path("/opt/ml/processing/input/in_0").read_text(encoding="utf-8")
assert len(found) == 2, found
for text in found:
    Path("/opt/ml/processing/output/out", text).write_text(text)
