"""recordIO-protobuf of 50 columns of float32: written and read, against the SDK's writer and a parse of each record.

    python bench/recordio.py [rows]

The SDK is `sagemaker.amazon.common` of SDK 2, which `tools/clients.py` installs; it does a part of the rows, and its
time is scaled. In R, `bench/recordio/decode.R` reads the same file, and a part of it by `readBin` for each record.
All take turns; the lowest time of each counts. On two cores R's decode was 27 to 33 times the loop by `readBin`.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from programs import figures

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import clients

from shardr.recordio.encoding import encode
from shardr.recordio.reading import blocks

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
COLUMNS, PART, REPEATS = 50, 10, 5

SDK = """
import io, sys, time
import numpy as np
from sagemaker.amazon.common import read_recordio, write_numpy_to_dense_tensor
from sagemaker.amazon.record_pb2 import Record
rows = np.load(sys.argv[1])
start = time.perf_counter()
out = io.BytesIO()
write_numpy_to_dense_tensor(out, rows)
written = time.perf_counter() - start
open(sys.argv[2], "wb").write(out.getvalue())
out.seek(0)
start = time.perf_counter()
found = np.empty(rows.shape, np.float32)
for i, content in enumerate(read_recordio(out)):
    found[i] = Record.FromString(content).features["values"].float32_tensor.values
read = time.perf_counter() - start
assert (found == rows).all()
print(written, read)
"""


def timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def main() -> None:
    python = clients.python("sagemaker-2")
    rows = np.random.default_rng(1).standard_normal((ROWS, COLUMNS), np.float32)
    megabytes = rows.nbytes / 1e6
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "part.npy", rows[: ROWS // PART])
        (folder / "rows.pbr").write_bytes(encode(rows).content)
        turns = []
        for _ in range(REPEATS):
            told = figures([python, "-c", SDK, folder / "part.npy", folder / "sdk.pbr"])
            held = (folder / "rows.pbr").read_bytes()
            turns.append((
                timed(lambda: encode(rows)),
                timed(lambda held=held: list(blocks(io.BytesIO(held), "rows"))),
                *(seconds * PART for seconds in told),
            ))  # fmt: skip
        same = (folder / "sdk.pbr").read_bytes() == encode(rows[: ROWS // PART]).content.tobytes()
        of_r = figures(["Rscript", Path(__file__).with_suffix("") / "decode.R", folder / "rows.pbr"])
    encoded, decoded, sdk_encoded, sdk_decoded = (min(times) for times in zip(*turns, strict=True))
    r_ours, r_each = of_r
    what = f"recordIO of {ROWS:,} x {COLUMNS}"
    for verb, ours, theirs, of, target in (
        ("encode", encoded, sdk_encoded, "the SDK's writer", 40),
        ("decode", decoded, sdk_decoded, "a parse of each record", 8),
        ("decode in R", r_ours, r_each, "readBin for each record", 15),
    ):
        speeds = f"{megabytes / ours:,.0f} vs {megabytes / theirs:,.0f} MB/s"
        print(f"{what}: {verb} {theirs / ours:.1f} x {of} ({speeds}) target >= {target}")
    print(f"{what}: the SDK's bytes are {'the same' if same else 'OTHERS'}")


if __name__ == "__main__":
    main()
