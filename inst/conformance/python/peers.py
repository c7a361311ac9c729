"""Instances find each other by name, as soon as both run, and talk over TCP."""

import json
import os
import socket
import time
from pathlib import Path

port = int(os.environ["PORT"])
host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
if host == "algo-1":
    door = socket.socket()
    door.bind((host, port))
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
heard = peer.makefile()
peer.sendall(host.encode() + b"\n")
found = heard.readline().strip()
assert {host, found} == {"algo-1", "algo-2"}, found
assert socket.gethostbyname(found)
# Neither ends before the other has looked.
peer.sendall(b"done\n")
assert heard.readline() == "done\n"
