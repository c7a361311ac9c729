"""Writes the example's data: reviews of movies in the columns of Amazon's review set, the same bytes on every machine.

    python generate.py dataset                                               # 40,000 customers, 6,000 movies
    python generate.py big --customers 2000000 --products 160000 --groups 20 # as many as the original has

Clusters are planted: each movie is of a group and each customer likes one group, of which nine reviews in ten are
favourable, and of others one in five. Both have long tails: one customer in a thousand has written more than 35
reviews, three movies in four have fewer than 9. `truth.csv` says of what group each movie is. Customers are written one
after the other, so that memory holds the movies and a block of customers, however many there are.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLUMNS = (
    "marketplace", "customer_id", "review_id", "product_id", "product_parent", "product_title", "product_category",
    "star_rating", "helpful_votes", "total_votes", "vine", "verified_purchase", "review_headline", "review_body",
    "review_date",
)  # fmt: skip
HEAD = 20  # one movie in so many is known to all
EAGER = 10  # who writes so many reviews has seen all that his group's known movies are
MOST = 600  # reviews of one customer
BLOCK = 20_000  # customers at a time
SEED = 1


class Draw:
    """Numbers out of raw bits, whose sequence numpy promises to keep; that of its distributions may change."""

    def __init__(self, seed: int) -> None:
        self._stream = np.random.PCG64(seed)

    def __call__(self, count: int) -> np.ndarray:
        """Numbers from 0 to 1, without 0."""
        return ((self._stream.random_raw(count) >> np.uint64(11)).astype(np.float64) + 1) / 2.0**53


def product_id(number: int) -> str:
    """As an ASIN looks."""
    return f"B{number:09d}"


def blocks(customers: int, products: int, groups: int, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Customer, movie and stars of each review. Movie i is of group i mod groups, and the first are the known ones."""
    draw = Draw(seed)
    each = products // groups
    known = max(1, each // HEAD)
    ranks = np.arange(known, dtype=np.int64)
    popular = np.cumsum(1_000_000 // (ranks + 5))  # whole numbers: the same sums everywhere
    popular = popular / popular[-1]
    for first in range(0, customers, BLOCK):
        size = min(BLOCK, customers - first)
        # the square root is exact by IEEE, so the tail is the same everywhere: P(n reviews or more) = (1.2 / n)²
        wrote = np.clip(1.2 / np.sqrt(draw(size)), 1, MOST).astype(np.int64)
        likes = (draw(size) * groups).astype(np.int64) % groups
        who = np.repeat(np.arange(size), wrote)
        own = draw(len(who)) <= 0.85
        group = np.where(own, likes[who], (draw(len(who)) * groups).astype(np.int64) % groups)
        eager = wrote[who] >= EAGER
        place = draw(len(who))
        head = np.where(eager, np.minimum((place * known).astype(np.int64), known - 1), np.searchsorted(popular, place))
        tail = known + ((each - known) * (1 - np.sqrt(draw(len(who))))).astype(np.int64)  # ever fewer
        rank = np.where(eager | (draw(len(who)) <= 0.78), head, np.minimum(tail, each - 1))
        movie = rank * groups + group
        _, once = np.unique(who * products + movie, return_index=True)  # nobody reviews a movie twice
        liked = draw(len(who)) <= np.where(group == likes[who], 0.9, 0.2)
        half = (draw(len(who)) * 2).astype(np.int64) % 2
        stars = np.where(liked, 4 + half, 1 + half + (draw(len(who)) <= 0.3))
        yield first + who[once], movie[once], stars[once]


def generate(folder: Path, customers: int, products: int, groups: int, seed: int = SEED) -> int:
    """Writes reviews.tsv and truth.csv; how many reviews there are."""
    folder.mkdir(parents=True, exist_ok=True)
    products = products // groups * groups
    names = [f"Movie {i // groups + 1} of group {i % groups + 1}" for i in range(products)]
    titles = [f"{product_id(i)}\t{i}\t{name}\tVideo" for i, name in enumerate(names)]
    rest = "0\t0\tN\tY\t-\t-\t2015-01-01\n"
    count = 0
    with (folder / "reviews.tsv").open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for block in blocks(customers, products, groups, seed):
            lines = []
            for who, movie, stars in zip(*(part.tolist() for part in block), strict=True):
                count += 1
                lines.append(f"US\t{10_000_000 + who}\tR{count:010d}\t{titles[movie]}\t{stars}\t{rest}")
            file.writelines(lines)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("product_id,group\n")
        file.writelines(f"{product_id(i)},{i % groups + 1}\n" for i in range(products))
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Write reviews of movies, with clusters planted in them.")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="made when it is not there")
    parser.add_argument("--customers", type=int, default=40_000)
    parser.add_argument("--products", type=int, default=6_000)
    parser.add_argument("--groups", type=int, default=6, help="planted clusters (default 6)")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    if min(given.customers, given.groups) < 1 or given.products < HEAD * given.groups:
        parser.error(f"customers and groups must be at least 1, products at least {HEAD} for each group")
    try:
        count = generate(given.folder, given.customers, given.products, given.groups, given.seed)
    except OSError as error:
        parser.exit(1, f"Cannot write into {given.folder}: {error}\n")
    print(f"{count} reviews: {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
