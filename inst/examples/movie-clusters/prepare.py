"""Reviews to a matrix: a row for each movie, a column for each customer, 1 where the customer gave 4 stars or more.

Input `reviews`: files of tab-separated reviews. Outputs `train` and `test`: the rows as sparse recordIO (or `--format
csv`, dense, to compare); `titles`: the movies of these rows in the same order. The matrix has exactly `--columns`
columns, as PCA must be told their number ahead: the customers with most reviews; those that are missing are empty.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import struct
from pathlib import Path

import numpy as np
import pandas as pd

from shardr.runtime import job_message

BASE = Path("/opt/ml/processing")
USED = ["customer_id", "product_id", "product_title", "star_rating"]


def options() -> argparse.Namespace:
    """What the step is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--customer-reviews", type=int, default=35, help="customers with fewer are left out")
    parser.add_argument("--product-reviews", type=int, default=20, help="movies with fewer are left out")
    parser.add_argument("--columns", type=int, required=True, help="customers of the matrix: PCA's feature_dim")
    parser.add_argument("--test-share", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=["recordio", "csv"], default="recordio")
    return parser.parse_args()


def chunks() -> pd.DataFrame:
    """The reviews, some 100,000 at a time."""
    for file in sorted((BASE / "input" / "reviews").iterdir()):
        yield from pd.read_csv(
            file, sep="\t", usecols=USED, dtype={"customer_id": str, "product_id": str, "product_title": str},
            quoting=csv.QUOTE_NONE, chunksize=200_000, on_bad_lines="skip",
        )  # fmt: skip


def counted() -> tuple[pd.Series, pd.Series]:
    """How many reviews each customer wrote and each movie has."""
    customers = products = pd.Series(dtype="int64")
    for chunk in chunks():
        customers = customers.add(chunk["customer_id"].value_counts(), fill_value=0)
        products = products.add(chunk["product_id"].value_counts(), fill_value=0)
    return customers, products


def kept(customers: pd.Index, products: pd.Index) -> pd.DataFrame:
    """The reviews of these customers about these movies."""
    parts = [c[c["customer_id"].isin(customers) & c["product_id"].isin(products)] for c in chunks()]
    return pd.concat(parts, ignore_index=True)


def drawn(products: list[str], share: float, seed: int) -> set[str]:
    """The movies of the test set: exactly this share, the same by every order of the reviews."""
    order = sorted(products, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    return set(order[: max(1, round(len(products) * share))])


def varint(value: int) -> bytes:
    """A number as protobuf has it."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def field(number: int, content: bytes) -> bytes:
    """A field of protobuf that has a length."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def sparse(columns: np.ndarray, width: int) -> bytes:
    """A row with ones in some columns as a record of recordIO."""
    tensor = field(3, varint(width))
    if len(columns):
        ones = np.ones(len(columns), "<f4").tobytes()
        tensor = field(1, ones) + field(2, b"".join(map(varint, columns.tolist()))) + tensor
    record = field(1, field(1, b"values") + field(2, field(2, tensor)))
    return struct.pack("<II", 0xCED7230A, len(record)) + record + bytes(-len(record) % 4)


def dense(columns: np.ndarray, width: int) -> bytes:
    """The same as a line of CSV."""
    row = np.zeros(width, np.uint8)
    row[columns] = 1
    return ",".join(map(str, row.tolist())).encode() + b"\n"


def main() -> None:
    """Writes the rows and their titles."""
    given = options()
    customers, products = counted()
    customers = customers[customers >= given.customer_reviews].sort_index()
    customers = customers.sort_values(ascending=False, kind="stable").index[: given.columns]
    reviews = kept(customers, products.index[products >= given.product_reviews])
    place = pd.Series(np.arange(len(customers)), customers)
    liked = reviews[reviews["star_rating"] >= 4].drop_duplicates(["product_id", "customer_id"])
    columns = {name: np.sort(place[who].to_numpy()) for name, who in liked.groupby("product_id")["customer_id"]}
    titles = reviews.groupby("product_id")["product_title"].first().sort_index()
    test = drawn(list(titles.index), given.test_share, given.seed)
    ending, row = {"recordio": ("pbr", sparse), "csv": ("csv", dense)}[given.format]
    nothing = np.empty(0, np.int64)
    for part in ("train", "test"):
        names = [name for name in titles.index if (name in test) == (part == "test")]
        with (BASE / "output" / part / f"{part}.{ending}").open("wb") as file:
            file.writelines(row(columns.get(name, nothing), given.columns) for name in names)
        titles[names].to_csv(BASE / "output" / "titles" / f"{part}.csv", header=["title"])
    job_message(f"{len(titles)} movies by {len(customers)} customers, {len(liked)} favourable reviews")


if __name__ == "__main__":
    main()
