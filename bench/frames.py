"""Data frames between Python and R (rpy2), one way at a time: the column bridge beside bare bytes of the same columns
(no header, no missing values, no checks) and beside rpy2's own converter.

    python bench/frames.py [rows]

The frame has 4 double, 3 integer, 2 string and 1 factor columns. Medians of 5; one line per figure.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import numpy as np
import pandas as pd

from shardr import rbridge
from shardr.data.columns import Packed, pack, unpack

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
STOCK_ROWS = min(ROWS, 100_000)  # the stock converter needs tens of seconds for a million
TARGET = 3  # times the bare bytes
KINDS = ["double"] * 4 + ["integer"] * 3 + ["character"] * 2 + ["integer"]


def mixed(rows: int) -> pd.DataFrame:
    """The frame that both benches use."""
    random = np.random.default_rng(1)
    levels = pd.Index([f"level {i}" for i in range(20)], dtype=object)  # as the bridge gives them
    return pd.DataFrame(
        {
            **{f"double{i}": random.normal(size=rows) for i in range(4)},
            **{f"integer{i}": random.integers(0, 1000, rows) for i in range(3)},
            "string1": [f"value-{i}" for i in random.integers(0, 1000, rows)],
            "string2": [f"id{i}" for i in range(rows)],
            "factor": pd.Categorical.from_codes(random.integers(0, 20, rows), levels),
        }
    )


def bare_bytes(frame: pd.DataFrame) -> list[bytes]:
    """The columns as R reads them, by the shortest way there is."""
    numbers = [frame[name].to_numpy() for name in list(frame)[:7]] + [frame["factor"].cat.codes.to_numpy()]
    fixed = [x.astype("<f8" if x.dtype.kind == "f" else "<i4").tobytes() for x in numbers]
    texts = [("\0".join(frame[name].tolist()) + "\0").encode() for name in ("string1", "string2")]
    return [*fixed[:7], *texts, fixed[7]]


def bare_columns(buffers: list[memoryview]) -> list[object]:
    """What R wrote, as the columns of a frame, by the shortest way there is."""
    found: list[object] = []
    for buffer, kind in zip(buffers, KINDS, strict=True):
        if kind == "character":
            found.append(np.array(str(buffer, "utf-8").split("\0")[:-1], dtype=object))
        else:
            found.append(np.frombuffer(buffer, "<f8" if kind == "double" else "<i4").copy())
    return found


def seconds(action, repeats: int = 5) -> float:
    """Median time of ``action()``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    """Measure and print."""
    rinterface = rbridge._start()
    from rpy2 import robjects
    from rpy2.robjects import pandas2ri

    unpack_in_r = rinterface.evalr("shardr:::frame_unpack")
    pack_in_r = rinterface.evalr("shardr:::frame_pack")

    def to_r(frame: pd.DataFrame) -> object:
        packed = pack(frame)
        raws = [rinterface.ByteSexpVector.from_memoryview(memoryview(b)) for b in packed.buffers]
        return unpack_in_r(rinterface.StrSexpVector([packed.header]), rinterface.ListSexpVector(raws))

    def from_r(frame: object) -> pd.DataFrame:
        header, buffers = pack_in_r(frame)
        return unpack(Packed(header[0], tuple(np.asarray(raw).data for raw in buffers)))

    frame = mixed(ROWS)
    in_r = to_r(frame)
    pd.testing.assert_frame_equal(from_r(in_r), frame)
    read_bare = rinterface.evalr("function(b, kinds, n) Map(function(x, k) readBin(x, k, n), b, kinds)")
    write_bare = rinterface.evalr(
        "function(frame) lapply(unname(frame), function(x) writeBin(if (is.factor(x)) as.integer(x) else x, raw()))"
    )
    kinds, rows = rinterface.StrSexpVector(KINDS), rinterface.FloatSexpVector([ROWS])

    def bare_to_r() -> object:
        raws = [rinterface.ByteSexpVector.from_memoryview(memoryview(b)) for b in bare_bytes(frame)]
        return read_bare(rinterface.ListSexpVector(raws), kinds, rows)

    def bare_from_r() -> list[object]:
        return bare_columns([np.asarray(raw).data for raw in write_bare(in_r)])

    for way, ours, bare in (
        ("Python -> R", seconds(lambda: to_r(frame)), seconds(bare_to_r)),
        ("R -> Python", seconds(lambda: from_r(in_r)), seconds(bare_from_r)),
    ):
        print(f"frames: {way} {ROWS} x 10: {ours:.3f} s, {ours / bare:.2f} x bare bytes (target: at most {TARGET})")

    small = mixed(STOCK_ROWS)
    small_in_r = to_r(small)
    rules = robjects.default_converter + pandas2ri.converter

    def stock_to_r() -> object:
        with robjects.conversion.localconverter(rules):
            return robjects.conversion.get_conversion().py2rpy(small)

    stock_in_r = stock_to_r()

    def stock_from_r() -> object:
        with robjects.conversion.localconverter(rules):
            return robjects.conversion.get_conversion().rpy2py(stock_in_r)

    ratio_there = seconds(stock_to_r, 3) / seconds(lambda: to_r(small))
    ratio_back = seconds(stock_from_r, 3) / seconds(lambda: from_r(small_in_r))
    print(f"frames: rpy2's pandas converter takes {ratio_there:.1f} x ours Python -> R ({STOCK_ROWS} rows)")
    print(f"frames: rpy2's pandas converter takes {ratio_back:.1f} x ours R -> Python ({STOCK_ROWS} rows)")


if __name__ == "__main__":
    main()
