"""An instance's host name is current_host, and resolves."""

import json
import socket
from pathlib import Path

host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
assert socket.gethostname() == host, socket.gethostname()
assert socket.gethostbyname(host)
