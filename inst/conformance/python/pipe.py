"""What a training job finds in modes Pipe and FastFile: of each clause a line that says kept, or what was found."""

import json
import time
from pathlib import Path

DATA = Path("/opt/ml/input/data")
WAIT_SECONDS = 5


def fifo(channel, epoch):
    """The path of an epoch, as soon as it is there."""
    path = DATA / f"{channel}_{epoch}"
    until = time.monotonic() + WAIT_SECONDS
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)
    return path


def read(channel, epoch, size=-1):
    with fifo(channel, epoch).open("rb") as stream:
        return stream.read(size)


def record(content):
    magic = bytes([0x0A, 0x23, 0xD7, 0xCE])
    return magic + len(content).to_bytes(4, "little") + content + bytes(-len(content) % 4)


def second_reader():
    path = fifo("train", 2)
    with path.open("rb") as stream:
        return stream.read(1), path.exists()


def orders():
    mixed, alike = [[read(name, epoch) for epoch in (0, 1)] for name in ("mixed", "alike")]
    whole = all(sorted(found) == list(b"abcdefgh") for found in mixed)
    return {"whole": whole, "same seed": mixed == alike, "other epoch": mixed[0] != mixed[1]}


def config():
    told = json.loads(Path("/opt/ml/input/config/inputdataconfig.json").read_text(encoding="utf-8"))
    return [(told[name]["TrainingInputMode"], told[name]["RecordWrapperType"]) for name in ("train", "wrapped")]


def tried(clause, find, wanted):
    try:
        found = find()
    except OSError as error:
        found = error
    print(f"{clause}: {'kept' if found == wanted else repr(found)}", flush=True)
    return found


def files():
    with (DATA / "fast" / "2").open("rb") as stream:
        stream.seek(-5, 2)
        return sorted(path.name for path in (DATA / "fast").iterdir()), stream.read()


WHOLE = b"onetwothree"
first = DATA / "train_0"
tried("pipe-fifo", lambda: (first.is_fifo(), (DATA / "train").exists()), (True, False))
begin = tried("pipe-order", lambda: read("train", 0), WHOLE)
tried("pipe-replicated", lambda: begin, WHOLE)
tried("pipe-epochs", lambda: read("train", 1), WHOLE)
tried("pipe-early", lambda: [read("big", epoch, 5) for epoch in (0, 1)], [b"first"] * 2)
tried("pipe-reader", second_reader, (b"o", False))
tried("pipe-gzip", lambda: read("packed", 0), b"123456789")
tried("pipe-recordio", lambda: read("wrapped", 0), record(b"12345") + record(b"6789"))
tried("pipe-shuffle", orders, {"whole": True, "same seed": True, "other epoch": True})
tried("pipe-augmented", lambda: read("lines", 0), b"".join(map(record, [b"zero", b"7", b"one", b"cat"])))
tried("pipe-unread", lambda: (DATA / "unread_0").exists(), True)
tried("pipe-config", config, [("Pipe", "None"), ("Pipe", "RecordIO")])
tried("fast-file", files, (["1", "2"], b"56789"))
