"""Writes the example's data: rows shaped like the UCI bank marketing set, the same bytes on every machine.

    python generate.py dataset                     # 41,188 rows in bank-marketing-1.csv … bank-marketing-4.csv
    python generate.py big --scale 25 --files 10   # 25 times as many rows

Comma-separated, LF, header in each file, no quotes, 21 columns in UCI order. Drawn at random from tables made after
the real set, with its traps: `pdays` 999 for those never called before (96 %), "unknown" in six columns, a level seen
in one file only (`default` is "yes" three times, in file 1), rows alike in all columns, and about 2,400 rows that are
repeats of another once the columns that filter.R drops are gone.

Only the standard library, and of `random` only `random()`, whose sequence Python promises to keep.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from bisect import bisect
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COLUMNS = (
    "age,job,marital,education,default,housing,loan,contact,month,day_of_week,duration,campaign,pdays,previous,"
    "poutcome,emp.var.rate,cons.price.idx,cons.conf.idx,euribor3m,nr.employed,y"
)
ROWS, FILES, SEED = 41_188, 4, 1

# SHA-256 of the four files of the default call: files that have it are left alone.
DEFAULT_DIGESTS = (
    "68d193700fbb1f5d4f6c84f992ca551b45a095c0ed7a4bb7d579adf97439b20f",
    "a6c1c0f82cfd4bdb8277fb0c2cc2233636e09eeec79e799785b026da33cb7dc2",
    "d2a7e212c8fb12a6c8a19d3ae8216ae8aa6ffbc68b02f24011d1f06d4b5ed46b",
    "5ce9ce1c71a77eea137f973584da1f72f068c942f6bf29e36daaf37a54427760",
)

# One line per month of the campaign: calls, share by mobile phone, share called before, share of yes, share with
# unknown default; then the indicators of that month and the range of the day's euribor in thousandths.
MONTHS = """
may  7762  0 0.000 0.031 0.316  1.1 93.994 -36.4 5191   4855 4864
jun  4374  0 0.000 0.043 0.313  1.4 94.465 -41.8 5228.1 4864 4967
jul  6681 85 0.000 0.061 0.259  1.4 93.918 -42.7 5228.1 4955 4968
aug  5173 97 0.000 0.052 0.233  1.4 93.444 -36.1 5228.1 4962 4970
oct    67  1 0.030 0.627 0.000 -0.1 93.798 -40.4 5195.8 4760 5045
nov  3615 90 0.202 0.053 0.116 -0.1 93.2   -42   5195.8 3853 4733
dec    10 20 0.100 0.100 0.000 -0.2 92.756 -45.9 5176.3 3053 3816
mar   282 93 0.078 0.447 0.032 -1.8 92.843 -50   5099.1 1510 1811
apr  2457 93 0.271 0.180 0.140 -1.8 93.075 -47.1 5099.1 1365 1498
may  5793 92 0.323 0.090 0.164 -1.8 92.893 -46.2 5099.1 1244 1354
jun   715 91 0.267 0.369 0.024 -2.9 92.963 -40.8 5076.2 1099 1286
jul   177 86 0.237 0.367 0.017 -2.9 92.469 -33.6 5076.2  899 1085
aug   770 91 0.418 0.343 0.034 -2.9 92.201 -31.4 5076.2  821  884
sep   267 89 0.404 0.397 0.019 -3.4 92.379 -29.8 5017.5  739  819
oct   447 87 0.387 0.403 0.029 -3.4 92.431 -26.9 5017.5  720  754
nov   357 87 0.549 0.471 0.011 -3.4 92.649 -30.1 5017.5  714  722
dec   172 85 0.483 0.512 0.035 -3   92.713 -33   5023.5  700  721
mar   264 85 0.595 0.568 0.027 -1.8 93.369 -34.8 5008.7  634  655
apr   174 87 0.529 0.557 0.029 -1.8 93.749 -34.6 5008.7  635  663
may   212 81 0.642 0.575 0.019 -1.8 93.876 -40   5008.7  668  701
jun   229 72 0.541 0.467 0.031 -1.7 94.055 -39.8 4991.6  702  767
jul   311 79 0.598 0.566 0.010 -1.7 94.215 -40.3 4991.6  782  899
aug   233 77 0.588 0.515 0.021 -1.7 94.027 -38.3 4991.6  886  905
sep   303 81 0.584 0.495 0.023 -1.1 94.199 -37.5 4963.6  876  886
oct   204 84 0.632 0.456 0.025 -1.1 94.601 -49.5 4963.6  942 1045
nov   128 91 0.602 0.453 0.000 -1.1 94.767 -50.8 4963.6 1028 1050
"""

# Per job: people; ages at 0, 5, 10, 25, 40, 50, 60, 75, 90, 95, 99, 100 % of them; then, in per mille, how many have
# each education (basic 4y 6y 9y, high school, professional course, university, illiterate, unknown).
JOBS = """
admin.        10419 20 26 28 31 34 36 39 44 52 55 60 72    7  14  48 320  35 552 0  24
blue-collar    9253 20 26 29 33 36 39 41 46 52 55 59 80  251 154 392  95  49  10 1  48
technician     6739 20 27 29 32 34 37 39 44 52 55 59 70    9  13  57 129 492 269 0  31
services       3967 20 25 27 31 34 36 39 45 51 55 58 69   33  57  98 676  55  43 0  38
management     2924 21 29 31 35 39 42 44 50 56 58 60 80   34  29  57 102  30 706 0  42
retired        1719 23 48 52 56 58 59 60 69 77 82 88 98  347  44  84 161 140 166 2  56
entrepreneur   1456 20 29 31 35 38 41 44 49 55 56 60 69   94  49 144 161  93 419 1  39
self-employed  1421 21 27 29 32 36 39 41 47 53 57 60 71   65  18 155  83 118 538 2  21
housemaid      1060 21 30 32 37 41 45 48 53 58 61 81 85  447  73  89 164  56 131 1  39
unemployed     1014 21 26 28 32 36 39 42 47 53 56 59 66  110  34 183 255 140 259 0  19
student         875 17 19 20 22 24 25 26 29 32 35 39 47   30  15 113 408  49 194 0 191
unknown         330 24 27 30 37 44 45 48 53 59 62 77 81  158  67  94 112  36 136 0 397
"""
AGE_AT = (0, 0.05, 0.10, 0.25, 0.40, 0.50, 0.60, 0.75, 0.90, 0.95, 0.99, 1)
EDUCATIONS = (
    "basic.4y", "basic.6y", "basic.9y", "high.school", "professional.course", "university.degree", "illiterate",
    "unknown",
)  # fmt: skip
MARITAL = ("married", "single", "divorced", "unknown")
MARITAL_BY_AGE = (  # up to that age, in per mille
    (25, (170, 816, 13, 1)), (30, (369, 593, 36, 2)), (35, (550, 368, 79, 3)), (40, (645, 245, 109, 1)),
    (50, (720, 127, 151, 2)), (60, (758, 56, 183, 3)), (120, (766, 34, 198, 2)),
)  # fmt: skip
# Seconds of the call at these shares of the calls, by its outcome.
DURATION_AT = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1)
DURATION = {
    "no": (0, 11, 32, 55, 82, 108, 134, 164, 199, 247, 319, 447, 595, 1018, 1817, 4918),
    "yes": (37, 91, 135, 169, 225, 283, 355, 449, 559, 676, 834, 1070, 1311, 1880, 3082, 4199),
}
CAMPAIGN = (4283, 2566, 1297, 644, 388, 238, 153, 97, 69, 55, 43, 30, 22, 17, 12, 12, 14, 8, 6, 7, 6, 4, 4, 4)
PDAYS = {3: 439, 6: 412, 4: 118, 9: 64, 2: 61, 7: 60, 12: 58, 10: 52, 5: 46, 13: 36, 11: 28, 1: 26, 15: 24, 14: 20,
         8: 18, 0: 15, 16: 11, 17: 8, 18: 7, 22: 3, 19: 3, 21: 2, 27: 1}  # fmt: skip
PREVIOUS = {"failure": (869, 102, 21, 7, 1), "success": (630, 233, 93, 29, 11, 3, 1)}
DAYS = {"mon": 8512, "tue": 8087, "wed": 8134, "thu": 8618, "fri": 7826}
ECHO_SHARE = 0.038  # rows made from another one, with another call: repeats once filter.R is done
COPY_SHARE = 0.0004  # rows alike in all columns


def picker(random: Callable[[], float], weights: Sequence[float]) -> Callable[[], int]:
    """A function that draws positions in `weights`, each as often as its weight says."""
    totals = list(accumulate(weights))
    last = len(totals) - 1
    return lambda: bisect(totals, random() * totals[-1], 0, last)


def at_share(share: float, shares: Sequence[float], values: Sequence[int]) -> int:
    """The value at a share of the people, between the known ones on a straight line, rounded down."""
    i = bisect(shares, share, 1, len(shares) - 1)
    part = (share - shares[i - 1]) / (shares[i] - shares[i - 1])
    return int(values[i - 1] + part * (values[i] - values[i - 1]))


class Campaign:
    """Draws rows as lists of text, one draw after the other from one seeded stream."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed).random
        self.months = [line.split() for line in MONTHS.strip().splitlines()]
        self.jobs = [line.split() for line in JOBS.strip().splitlines()]
        self.month = picker(random, [int(month[1]) for month in self.months])
        self.job = picker(random, [int(job[1]) for job in self.jobs])
        self.ages = [[int(age) for age in job[2:14]] for job in self.jobs]
        self.education = [picker(random, [int(share) for share in job[14:]]) for job in self.jobs]
        self.marital = [(age, picker(random, weights)) for age, weights in MARITAL_BY_AGE]
        self.campaign = picker(random, CAMPAIGN)
        self.day = picker(random, list(DAYS.values()))
        self.pdays = picker(random, list(PDAYS.values()))
        self.previous = {outcome: picker(random, weights) for outcome, weights in PREVIOUS.items()}
        self.day_names, self.pdays_values = list(DAYS), list(PDAYS)

    def call(self, month: list[str], y: str) -> tuple[str, str]:
        """Seconds of one call and that day's euribor: what differs between two calls of one month."""
        low, high = int(month[10]), int(month[11])
        euribor = f"{(low + int(self.random() * (high - low + 1))) / 1000:.3f}".rstrip("0").rstrip(".")
        return str(at_share(self.random(), DURATION_AT, DURATION[y])), euribor

    def row(self) -> list[str]:
        """One client and one call."""
        random = self.random
        month = self.months[self.month()]
        before, yes, unknown = float(month[3]), float(month[4]), float(month[5])
        j = self.job()
        age = at_share(random(), AGE_AT, self.ages[j])
        marital = next(pick for limit, pick in self.marital if age <= limit)

        # Bank relations: nothing known of a housing loan means nothing known of a personal one either.
        default = "unknown" if random() < unknown * (0.6 if age <= 35 else 1.35) else "no"
        relation = random()
        housing = "unknown" if relation < 0.024 else "yes" if relation < 0.548 else "no"
        has_loan = random() < (0.171 if housing == "yes" else 0.137)
        loan = "unknown" if housing == "unknown" else "yes" if has_loan else "no"

        # Earlier campaigns, and what they say about this one. Most of those called before were called too long ago for
        # `pdays` to be known.
        success_share = 0.48 if before > 0.35 else 0.07
        poutcome, previous, pdays = "nonexistent", 0, 999
        if random() < before:
            poutcome = "success" if random() < success_share else "failure"
            previous = 1 + self.previous[poutcome]()
            if poutcome == "success" or random() < 0.033:
                pdays = self.pdays_values[self.pdays()]
        success = before * success_share
        agrees = 0.65 if poutcome == "success" else max(0.0, (yes - success * 0.65) / (1 - success))
        y = "yes" if random() < agrees else "no"
        duration, euribor = self.call(month, y)
        return [
            str(age), self.jobs[j][0], MARITAL[marital()], EDUCATIONS[self.education[j]()], default, housing, loan,
            "cellular" if random() * 100 < int(month[2]) else "telephone", month[0], self.day_names[self.day()],
            duration, str(1 + self.campaign()), str(pdays), str(previous), poutcome,
            month[6], month[7], month[8], euribor, month[9], y,
        ]  # fmt: skip

    def echo(self, row: list[str]) -> list[str]:
        """Another client alike in all that filter.R keeps, called in the same month of the same year."""
        month = next(month for month in self.months if month[0] == row[8] and month[7] == row[16])
        duration, euribor = self.call(month, row[20])
        return [*row[:10], duration, *row[11:18], euribor, *row[19:]]

    def rows(self, count: int) -> list[list[str]]:
        """`count` rows in random order, with the repeats the real set has."""
        echoes, copies = int(count * ECHO_SHARE), int(count * COPY_SHARE)
        rows = [self.row() for _ in range(count - echoes - copies)]
        first = len(rows)
        rows += [self.echo(rows[int(self.random() * first)]) for _ in range(echoes)]
        rows += [list(rows[int(self.random() * first)]) for _ in range(copies)]
        for i in range(count - 1, 0, -1):
            j = int(self.random() * (i + 1))
            rows[i], rows[j] = rows[j], rows[i]
        return rows


def contents(rows: int, files: int, seed: int) -> list[bytes]:
    """The bytes of each file."""
    table = Campaign(seed).rows(rows)
    bounds = [i * rows // files for i in range(files + 1)]
    known = [i for i in range(bounds[1]) if table[i][4] == "no"]
    for place in (0.2, 0.5, 0.8) if known else ():
        table[known[int(place * len(known))]][4] = "yes"
    lines = [",".join(row) for row in table]
    return ["".join(f"{line}\n" for line in (COLUMNS, *lines[start:end])).encode() for start, end in pairwise(bounds)]


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def generate(folder: Path, rows: int = ROWS, files: int = FILES, seed: int = SEED) -> list[Path]:
    """Makes `folder` hold exactly the files of this call; files that are right already are not touched.

    Files that an earlier call with more files left there are removed, for a job would read them too.
    """
    paths = [folder / f"bank-marketing-{i + 1}.csv" for i in range(files)]
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if re.fullmatch(r"bank-marketing-\d+\.csv", path.name) and path not in paths:
                path.unlink()
    default = (rows, files, seed) == (ROWS, FILES, SEED)
    if default and [digest(path.read_bytes()) for path in paths if path.is_file()] == list(DEFAULT_DIGESTS):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in zip(paths, contents(rows, files, seed), strict=True):
        if not path.is_file() or path.read_bytes() != data:
            partial = path.with_name(f".{path.name}.partial")
            partial.write_bytes(data)
            partial.replace(path)
    return paths


def whole(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` for argparse."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least}, found: {text}")
        return int(text)

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Write data like the UCI bank marketing set into CSV files.")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="made when it is not there")
    parser.add_argument("--rows", type=whole(0), default=ROWS, help=f"rows in all (default {ROWS})")
    parser.add_argument("--files", type=whole(1), default=FILES, help=f"files (default {FILES})")
    parser.add_argument("--seed", type=whole(0), default=SEED, help=f"other rows (default {SEED})")
    parser.add_argument("--scale", type=whole(1), default=1, help="this many times the rows (default 1)")
    given = parser.parse_args(arguments)
    rows = given.rows * given.scale
    try:
        paths = generate(given.folder, rows, given.files, given.seed)
    except OSError as error:
        parser.exit(1, f"Cannot write into {given.folder}: {error}\n")
    print(f"{rows} rows in {len(paths)} files: {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
