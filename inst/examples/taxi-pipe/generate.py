"""Writes the example's data: trips of taxis with 50 features each, as recordIO-protobuf, the same rows everywhere.

    python generate.py dataset                                  # 400,000 trips in 16 files, 91 MB, and 4,000 to test
    python generate.py big --rows 40000000 --shards 400         # memory holds one block of rows, whatever the size

A trip is of one of eight kinds: to work, home, a night out, to the airport … The kind says when it is made, from where
to where, and by how many; distance, speed, duration and what is paid follow from these, from traffic and from weather.
So there are clusters to find, and columns that go together. The kinds are not written down.

All columns are written as (value - usual) / spread of the tables below: PCA and K-means take numbers as they come, and
in dollars and kilometres the fares would be all that counts. `features.csv` has their names, `usual` and `spread`.

Rows are made in blocks, each from the seed and its own number alone. Drawn are only raw bits, whose sequence numpy
promises to keep, and what is made of them are sums, products, quotients and roots, which no machine rounds in another
way. Into how many files the rows are cut therefore changes none of them.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import shardr
from shardr.recordio.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS, SHARDS, TEST_ROWS, SEED = 400_000, 16, 4_000, 2017
BLOCK = 1 << 15
DAY, WEEK = 1440, 10_080  # minutes

# Each feature: what is usual, and how far from it is still usual. Rates are shares of 1, places km from the centre.
FEATURES = {
    "pickup_time_sin": (0, 0.7), "pickup_time_cos": (0, 0.7), "pickup_half_day_sin": (0, 0.7),
    "pickup_half_day_cos": (0, 0.7), "pickup_week_sin": (0, 0.7), "pickup_week_cos": (0, 0.7),
    "pickup_year_sin": (0, 0.7), "pickup_year_cos": (0, 0.7), "dropoff_time_sin": (0, 0.7),
    "dropoff_time_cos": (0, 0.7), "weekend": (0.26, 0.44), "traffic": (0.65, 0.35),
    "pickup_east": (1, 5), "pickup_north": (0.4, 5), "dropoff_east": (1, 6), "dropoff_north": (0.9, 5.4),
    "pickup_from_centre_km": (5.2, 5), "dropoff_from_centre_km": (6.2, 5.4), "pickup_from_airport_km": (19, 6.3),
    "dropoff_from_airport_km": (19.5, 7), "heading_east": (0, 0.6), "heading_north": (0.1, 0.8),
    "straight_km": (9.7, 5.8), "distance_km": (13, 8), "detour": (1.37, 0.09), "minutes": (41, 20),
    "waiting_minutes": (4.6, 2), "speed_kmh": (22, 6.6), "passengers": (1.7, 0.9), "luggage": (0.7, 0.9),
    "booked_ahead": (0.24, 0.43), "base_fare": (3.3, 0.36), "distance_fare": (22, 15), "time_fare": (12, 6.5),
    "surcharge": (1.4, 1.9), "tolls": (0.7, 2), "tax": (2, 0.84), "tip": (4.2, 4.1), "tip_share": (0.1, 0.07),
    "card": (0.74, 0.44), "total": (46, 26), "fare_per_km": (3.3, 0.57), "fare_per_minute": (1.1, 0.28),
    "temperature": (12, 8), "rain": (0.14, 0.33), "snow": (0.03, 0.16), "wind": (3, 1.4), "humidity": (0.64, 0.11),
    "daylight": (0.58, 0.39), "visibility": (0.91, 0.11),
}  # fmt: skip
NAMES = list(FEATURES)


class Kind(NamedTuple):
    """Trips for one reason: how many there are, when, from where to where, and who is in the car."""

    share: float
    hour: float
    hours: float
    weekend: float
    begin: tuple[float, float]
    end: tuple[float, float]
    around: float
    passengers: float
    luggage: float
    booked: float
    card: float
    tip: float


AIRPORT = (15.0, -12.0)
KINDS = {
    "to work": Kind(0.22, 8.2, 0.9, 0.04, (-3, 6), (0, -1), 1.4, 1.1, 0.1, 0.2, 0.9, 0.12),
    "home": Kind(0.20, 18.1, 1.2, 0.06, (0, -1), (4, 5), 1.6, 1.2, 0.2, 0.1, 0.85, 0.14),
    "errand": Kind(0.17, 13.0, 2.2, 0.30, (2, 2), (1, 3), 1.7, 1.3, 0.6, 0.1, 0.5, 0.05),
    "night out": Kind(0.14, 23.6, 1.6, 0.75, (-1, -2), (-5, 4), 2.0, 2.8, 0.0, 0.1, 0.6, 0.20),
    "to the airport": Kind(0.09, 6.0, 1.7, 0.25, (0, 1), AIRPORT, 1.1, 1.6, 2.2, 0.9, 0.9, 0.15),
    "from the airport": Kind(0.09, 20.5, 2.0, 0.30, AIRPORT, (0, 0), 1.1, 1.6, 2.2, 0.3, 0.8, 0.15),
    "sights": Kind(0.05, 15.0, 1.8, 0.50, (0, 4), (-2, -6), 1.0, 3.4, 0.4, 0.1, 0.4, 0.10),
    "suburb": Kind(0.04, 16.6, 2.0, 0.20, (2, 0), (-14, 10), 1.5, 1.5, 0.5, 0.7, 0.8, 0.12),
}
COLUMNS = Kind(*np.array([[*k[:4], 0, 0, *k[6:]] for k in KINDS.values()], np.float32).T)._replace(
    begin=np.array([k.begin for k in KINDS.values()], np.float32).T,
    end=np.array([k.end for k in KINDS.values()], np.float32).T,
)
BOUNDS = np.cumsum([kind.share for kind in KINDS.values()]).astype(np.float32)[:-1]


def wave(length: int, turns: int = 1) -> np.ndarray:
    """Sine and cosine of every minute, or day, of so many."""
    angles = [2 * math.pi * turns * i / length for i in range(length)]
    return np.array([[math.sin(a) for a in angles], [math.cos(a) for a in angles]], np.float32)


def rush(minute: int) -> float:
    """How full the streets are in a minute of the week, from 0 to 1; Saturday and Sunday come last."""
    hour, weekend = minute % DAY / 60, minute >= 5 * DAY
    peaks = ((14, 3.5, 0.5), (23, 2, 0.3)) if weekend else ((8.4, 1.2, 0.8), (13, 3, 0.5), (17.8, 1.7, 0.9))
    return 0.1 + sum(height * math.exp(-(((hour - at) / width) ** 2) / 2) for at, width, height in peaks)


TIME, HALF, WEEKLY, YEARLY = wave(DAY), wave(DAY, 2), wave(WEEK), wave(365)
RUSH = np.array([rush(minute) for minute in range(WEEK)], np.float32)


class Draw:
    """Numbers drawn at random for the rows of a block."""

    def __init__(self, rows: int, *seeds: int) -> None:
        self.rows = rows
        self._stream = np.random.PCG64(np.random.SeedSequence(seeds))

    def even(self) -> np.ndarray:
        """From 0 to before 1."""
        return (self._stream.random_raw(self.rows) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)

    def normal(self) -> np.ndarray:
        """Near normal, of mean 0 and deviation 1: sums of four whole numbers, divided once."""
        raw = self._stream.random_raw(self.rows).view(np.uint16).reshape(-1, 4).T.astype(np.int32)
        return (raw[0] + raw[1] + raw[2] + raw[3] - 131_070).astype(np.float32) / np.float32(37_837)

    def happens(self, chance: np.ndarray | float) -> np.ndarray:
        """1 with this chance, else 0."""
        return (self.even() < chance).astype(np.float32)


def trips(rows: int, *seeds: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The features of some trips by their names, and of which kind each is."""
    draw = Draw(rows, *seeds)
    which = np.searchsorted(BOUNDS, draw.even(), "right")
    kind = Kind(*(values[..., which] for values in COLUMNS))
    found = when(draw, kind)
    found |= weather(draw, found)
    found |= way(draw, kind, found)
    found |= fare(draw, kind, found)
    minute = found.pop("minute") + found["minutes"].astype(np.intp)
    found["dropoff_time_sin"], found["dropoff_time_cos"] = TIME[:, minute % DAY]
    return found, which


def when(draw: Draw, kind: Kind) -> dict[str, np.ndarray]:
    """Minute, weekday and season of the beginning, and how full the streets are then."""
    weekend = draw.happens(kind.weekend)
    day = np.where(weekend, 5 + 2 * draw.even(), 5 * draw.even()).astype(np.intp)
    minute = (60 * (kind.hour + kind.hours * draw.normal())).astype(np.intp) % DAY
    week, date = day * DAY + minute, (365 * draw.even()).astype(np.intp)
    waves = {"time": TIME[:, minute], "half_day": HALF[:, minute], "week": WEEKLY[:, week], "year": YEARLY[:, date]}
    found = {f"pickup_{name}_{side}": pair[i] for name, pair in waves.items() for i, side in enumerate(("sin", "cos"))}
    return {**found, "weekend": weekend, "traffic": RUSH[week] + 0.1 * draw.normal(), "minute": minute}


def weather(draw: Draw, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weather, which season and time of day have a part in."""
    summer, noon, front = -found["pickup_year_cos"], -found["pickup_time_cos"], draw.normal()
    temperature = 12 + 10 * summer + 3 * noon - 2 * front + 2 * draw.normal()
    wet = np.maximum(front + 0.5 * draw.normal() - 0.6, 0) * 0.8
    frost = temperature < 1
    return {
        "temperature": temperature,
        "rain": wet * ~frost,
        "snow": wet * frost,
        "wind": np.maximum(3 + front + draw.normal(), 0),
        "humidity": np.clip(0.65 + 0.1 * front - 0.05 * noon + 0.04 * draw.normal(), 0, 1),
        "daylight": np.clip(0.5 + 0.8 * noon + 0.3 * summer, 0, 1),
        "visibility": np.clip(1 - 0.3 * wet - 0.05 * np.abs(draw.normal()), 0, 1),
    }


def way(draw: Draw, kind: Kind, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """From where to where, how far, how long it takes, and who is in the car."""
    begin = [kind.begin[side] + kind.around * draw.normal() for side in (0, 1)]
    end = [kind.end[side] + kind.around * draw.normal() for side in (0, 1)]
    straight = np.maximum(far(*begin, *end), 0.3)
    detour = 1.3 + 0.1 * found["traffic"] + 0.08 * draw.normal()
    distance = straight * detour
    speed = 26 + 0.5 * np.minimum(distance, 20) - 14 * found["traffic"] - 4 * found["rain"] - 8 * found["snow"]
    speed = np.maximum(speed + 2 * draw.normal(), 6)
    waiting = np.maximum(2 + 4 * found["traffic"] + 1.5 * draw.normal(), 0)
    return {
        "pickup_east": begin[0], "pickup_north": begin[1], "dropoff_east": end[0], "dropoff_north": end[1],
        "pickup_from_centre_km": far(*begin, 0, 0), "dropoff_from_centre_km": far(*end, 0, 0),
        "pickup_from_airport_km": far(*begin, *AIRPORT), "dropoff_from_airport_km": far(*end, *AIRPORT),
        "heading_east": (end[0] - begin[0]) / straight, "heading_north": (end[1] - begin[1]) / straight,
        "straight_km": straight, "distance_km": distance, "detour": detour, "speed_kmh": speed,
        "waiting_minutes": waiting, "minutes": waiting + 60 * distance / speed,
        "passengers": np.clip(np.rint(kind.passengers + 0.7 * draw.normal()), 1, 6),
        "luggage": np.clip(np.rint(kind.luggage + 0.6 * draw.normal()), 0, 5),
        "booked_ahead": draw.happens(kind.booked),
    }  # fmt: skip


def fare(draw: Draw, kind: Kind, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What is paid, and how."""
    airport = (np.minimum(found["pickup_from_airport_km"], found["dropoff_from_airport_km"]) < 4).astype(np.float32)
    night = (found["pickup_time_cos"] > 0.5).astype(np.float32)
    paid = {
        "base_fare": 3 + found["booked_ahead"] * 0.8 + found["weekend"] * 0.3,
        "distance_fare": 1.6 * found["distance_km"] + 0.6 * np.maximum(found["distance_km"] - 15, 0),
        "time_fare": (0.25 + 0.1 * (found["speed_kmh"] < 20).astype(np.float32)) * found["minutes"],
        "surcharge": 5.0 * airport + 0.5 * night + (found["traffic"] > 0.8),
        "tolls": 6.5 * draw.happens(np.where(airport, 0.5, 0.02)),
    }
    metered = paid["base_fare"] + paid["distance_fare"] + paid["time_fare"] + paid["surcharge"]
    card = draw.happens(kind.card)
    share = np.clip(kind.tip * (0.3 + 0.9 * card) - 0.05 * found["traffic"] + 0.04 * draw.normal(), 0, 0.5)
    tip, tax = share * metered, 0.5 + 0.04 * metered
    total = metered + paid["tolls"] + tax + tip
    return {
        **paid, "tip": tip, "tip_share": share, "tax": tax, "card": card, "total": total,
        "fare_per_km": total / (found["distance_km"] + 1), "fare_per_minute": total / (found["minutes"] + 1),
    }  # fmt: skip


def far(east: np.ndarray, north: np.ndarray, to_east: np.ndarray | float, to_north: np.ndarray | float) -> np.ndarray:
    """The distance of two places in km."""
    east, north = east - to_east, north - to_north
    return np.sqrt(east * east + north * north)


def blocks(rows: int, *seeds: int) -> Iterator[Block]:
    """The rows as they are written, some at a time: all blocks before the last have the same number."""
    usual, spread = np.array(list(FEATURES.values()), np.float32).T
    for number, first in enumerate(range(0, rows, BLOCK)):
        size = min(BLOCK, rows - first)
        made, _ = trips(BLOCK, *seeds, number)  # a whole one, so that a row does not depend on how many there are
        table = np.empty((size, len(NAMES)), np.float32)
        for column, name in enumerate(NAMES):
            table[:, column] = (made[name][:size] - usual[column]) / spread[column]
        yield Block(table, first=first + 1, rows=size)


def generate(folder: Path, rows: int = ROWS, shards: int = SHARDS, test_rows: int = TEST_ROWS, seed: int = SEED) -> int:
    """Makes the folders hold exactly the files of this call; how many there are of trips to learn from."""
    most = -(-rows // shards)
    written = shardr.write_recordio(blocks(rows, seed, 0), made(folder / "train") / "trips.pbr", shard_rows=most)
    for old in set((folder / "train").glob("trips-*.pbr")) - {one.path for one in written}:
        old.unlink()  # of a call with more files: a job would read them
    shardr.write_recordio(blocks(test_rows, seed, 1), made(folder / "test") / "trips.pbr")
    with (folder / "features.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("column", "name", "usual", "spread"), *((i + 1, name, *FEATURES[name]) for i, name in enumerate(NAMES))]
        )
    return len(written)


def made(folder: Path) -> Path:
    """The folder, which is there now."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Write trips of taxis as recordIO-protobuf, 50 features each.")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="made when it is not there")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"trips to learn from (default {ROWS})")
    parser.add_argument("--shards", type=int, default=SHARDS, help=f"files with these (default {SHARDS})")
    parser.add_argument("--test-rows", type=int, default=TEST_ROWS, help=f"trips to test with (default {TEST_ROWS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"other trips (default {SEED})")
    given = parser.parse_args(arguments)
    if min(given.rows, given.shards, given.test_rows) < 1 or given.seed < 0:
        parser.error("rows, shards and test rows are whole numbers from 1, the seed is one from 0")
    try:
        files = generate(given.folder, given.rows, given.shards, given.test_rows, given.seed)
    except OSError as error:
        parser.exit(1, f"Cannot write into {given.folder}: {error}\n")
    print(f"{given.rows} trips of {len(NAMES)} features in {files} files, {given.test_rows} to test: {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
