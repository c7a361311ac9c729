"""An instance's host name is current_host, and the names of all instances resolve."""

import json
import socket
import time
from pathlib import Path

config = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())
assert socket.gethostname() == config["current_host"], socket.gethostname()
for name in config["hosts"]:
    for _ in range(40):
        try:
            socket.gethostbyname(name)
            break
        except OSError:
            time.sleep(0.25)
    socket.gethostbyname(name)
