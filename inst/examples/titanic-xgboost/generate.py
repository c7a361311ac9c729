"""Writes the example's data: the 2,201 people of the Titanic, the same bytes on every machine.

    python generate.py dataset              # four files of each form for training, one for validation
    python generate.py dataset --files 8    # more files, for more instances

Class, sex, adult or child, and who survived are the counts of R's own table `Titanic`; ages in years, fares and
relatives aboard are drawn to go with them, and a fifth of the ages is unknown, as in other tables of the ship. Three
forms of the same rows, in the same order:

    script/   CSV with a header and words, for a script that knows its columns
    builtin/  CSV of numbers without a header, the label first, as SageMaker's built-in XGBoost wants it
    libsvm/   the same numbers as libsvm

Only the standard library, and of `random` only `random()`, whose sequence Python promises to keep.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# For each class and sex: children lost and saved, adults lost and saved.
COUNTS = {
    ("1st", "Male"): (0, 5, 118, 57), ("2nd", "Male"): (0, 11, 154, 14), ("3rd", "Male"): (35, 13, 387, 75),
    ("Crew", "Male"): (0, 0, 670, 192), ("1st", "Female"): (0, 1, 4, 140), ("2nd", "Female"): (0, 13, 13, 80),
    ("3rd", "Female"): (17, 14, 89, 76), ("Crew", "Female"): (0, 0, 3, 20),
}  # fmt: skip
FARES = {"1st": (26, 110), "2nd": (10, 30), "3rd": (7, 20), "Crew": (0, 0)}
CLASSES = list(FARES)
COLUMNS = ("survived", "class", "sex", "age", "fare", "relatives")
UNKNOWN_AGES, VALIDATION = 0.2, 0.2
SEED = 1912


def passengers(seed: int) -> list[tuple[str, ...]]:
    """All people as text, one tuple of the columns each, in random order."""
    draw = Random(seed).random
    rows = []
    for (group, sex), counts in COUNTS.items():
        for which, count in enumerate(counts):
            adult, survived = divmod(which, 2)
            for _ in range(count):
                years = 15 + 50 * draw() * draw() if adult else 14 * draw()
                age = "" if draw() < UNKNOWN_AGES else f"{years:.0f}" if years >= 1 else "0.5"
                low, high = FARES[group]
                fare = low + (high - low) * draw() ** 2
                alone = 0.0 if not adult else 1.0 if group == "Crew" else 0.6
                relatives = 0 if draw() < alone else 1 + int(3 * draw())
                rows.append((str(survived), group, sex, age, f"{fare:.2f}", str(relatives)))
    for i in range(len(rows) - 1, 0, -1):
        j = int(draw() * (i + 1))
        rows[i], rows[j] = rows[j], rows[i]
    return rows


def numbers(row: Sequence[str]) -> list[str]:
    """The same as numbers, the label first: class 1 to 3 and crew 4, women 1 and men 0."""
    survived, group, sex, *others = row
    return [survived, str(CLASSES.index(group) + 1), str(int(sex == "Female")), *others]


def sparse(row: Sequence[str]) -> str:
    """A line of libsvm, in which an age that is unknown is not there."""
    label, *features = numbers(row)
    return " ".join([label, *(f"{i}:{value}" for i, value in enumerate(features) if value)])


def contents(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """A file of each form with these rows, by its folder."""
    lines = {
        "script": [",".join(line) for line in (COLUMNS, *rows)],
        "builtin": [",".join(numbers(row)) for row in rows],
        "libsvm": [sparse(row) for row in rows],
    }
    return {form: "".join(f"{line}\n" for line in found) for form, found in lines.items()}


def generate(folder: Path, files: int = 4, seed: int = SEED) -> int:
    """Makes the folders hold exactly the files of this call; how many rows there are."""
    rows = passengers(seed)
    first = round(len(rows) * (1 - VALIDATION))
    parts = {("validation", 1): rows[first:]}
    parts |= {("train", i + 1): rows[i * first // files : (i + 1) * first // files] for i in range(files)}
    wanted = {
        folder / form / channel / f"titanic-{number}.{'libsvm' if form == 'libsvm' else 'csv'}": text
        for (channel, number), part in parts.items()
        for form, text in contents(part).items()
    }
    for old in set(folder.glob("*/*/titanic-*.*")) - wanted.keys():  # of a call with more files: a job would read them
        old.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return len(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Write the people of the Titanic into files to learn from.")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="made when it is not there")
    parser.add_argument("--files", type=int, default=4, help="files for training (default 4)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"other ages, fares and relatives (default {SEED})")
    given = parser.parse_args(arguments)
    if given.files < 1:
        parser.error(f"argument --files: must be a whole number from 1, found: {given.files}")
    try:
        rows = generate(given.folder, given.files, given.seed)
    except OSError as error:
        parser.exit(1, f"Cannot write into {given.folder}: {error}\n")
    print(f"{rows} people, {given.files} files of each form for training: {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
