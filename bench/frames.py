"""Data frames between Python and R (rpy2): the column bridge, one way at a time, and beside rpy2's own converter.

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
FIRST_MEASURED = (0.12, 0.28)  # seconds for 1e6 × 10 each way, when the road was chosen


def mixed(rows: int) -> pd.DataFrame:
    """The frame that both benches use."""
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            **{f"double{i}": random.normal(size=rows) for i in range(4)},
            **{f"integer{i}": random.integers(0, 1000, rows) for i in range(3)},
            "string1": [f"value-{i}" for i in random.integers(0, 1000, rows)],
            "string2": [f"id{i}" for i in range(rows)],
            "factor": pd.Categorical.from_codes(random.integers(0, 20, rows), [f"level {i}" for i in range(20)]),
        }
    )


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
    there, back = seconds(lambda: to_r(frame)), seconds(lambda: from_r(in_r))
    limit = 3 * FIRST_MEASURED[1] * ROWS / 1_000_000
    print(f"frames: Python -> R {ROWS} x 10: {there:.3f} s ({there / limit:.2f} of the limit {limit:.2f} s)")
    print(f"frames: R -> Python {ROWS} x 10: {back:.3f} s ({back / limit:.2f} of the limit {limit:.2f} s)")

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
