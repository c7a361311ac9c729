"""An input of a processing job in mode Pipe is the FIFO <LocalPath>_0, and then _1; objects may be expanded, too."""

from pathlib import Path

for epoch in ("_0", "_1"):
    found = Path("/opt/ml/processing/some/place" + epoch).read_bytes()
    assert found == b"123456789", found
