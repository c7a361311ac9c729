"""What the server itself can: python bench/pipe/raw.py URL...; 8 connections, answers thrown away; bytes per second."""

from __future__ import annotations

import http.client
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit


def get(url: str) -> int:
    about = urlsplit(url)
    connection = http.client.HTTPConnection(about.hostname or "", about.port)
    connection.request("GET", f"{about.path}?{about.query}")
    answer, size, block = connection.getresponse(), 0, bytearray(1 << 20)
    assert answer.status == 200, answer.read()
    while count := answer.readinto(block):
        size += count
    connection.close()
    return size


start = time.perf_counter()
with ThreadPoolExecutor(8) as pool:
    total = sum(pool.map(get, sys.argv[1:]))
print(total / (time.perf_counter() - start))
