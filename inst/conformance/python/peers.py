"""Instances reach each other by name over TCP."""

import json
import os
import socket
import time
from pathlib import Path

port = int(os.environ["PORT"])
host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
if host == "algo-1":
    door = socket.socket()
    door.bind(("algo-1", port))
    door.listen(1)
    door.settimeout(30)
    peer = door.accept()[0]
else:
    for _ in range(100):
        try:
            peer = socket.create_connection(("algo-1", port), timeout=30)
            break
        except OSError:
            time.sleep(0.1)
peer.sendall(host.encode())
found = peer.recv(100).decode()
assert {host, found} == {"algo-1", "algo-2"}, found
