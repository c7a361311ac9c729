"""An object of an input is a file below its LocalPath, byte for byte the same."""

from pathlib import Path

found = Path("/opt/ml/processing/input/in/a.csv").read_bytes()
assert found == "id,name\r\n1,Zo\u00eb\n2,\t".encode(), found
