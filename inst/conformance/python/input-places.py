"""Each input is at its own LocalPath, wherever that is below /opt/ml/processing."""

from pathlib import Path

for place, name in (("first", "a.csv"), ("some/deep/place", "b.csv")):
    found = [path.name for path in Path("/opt/ml/processing", place).iterdir()]
    assert found == [name], found
