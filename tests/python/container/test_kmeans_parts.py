"""What K-means is made of: batches, the stream of centres, the rows kept of it, and Lloyd's on centres with weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kmeans_world import blobs, inertia, squares
from sklearn.cluster import KMeans

import hyperparameters  # isort: skip
from batches import Batches  # isort: skip
from lloyd import reduced  # isort: skip
from nearest import assigned  # isort: skip
from quality import estimated  # isort: skip
from sample import SAMPLE_BYTES, Sample, room  # isort: skip
from seeding import far_apart  # isort: skip
from stream import Stream  # isort: skip

GIVEN = hyperparameters.read({"feature_dim": "6", "k": "5", "extra_center_factor": "4"})


@pytest.mark.parametrize("ends", [[], [1, 2, 3], [40, 80], [7, 95, 96, 99]])
@pytest.mark.parametrize("size", [1, 40, 100, 1000])
def test_batches_have_their_size_wherever_pieces_end(ends: list[int], size: int) -> None:
    rows = blobs(100)
    batches = Batches(size, 6)
    found = [batch.copy() for batch in batches.of(np.split(rows, ends))]
    assert [len(batch) for batch in found[:-1]] == [size] * (len(found) - 1)
    assert np.array_equal(np.concatenate(found)[:, :-1], rows - rows[0])
    assert np.all(np.concatenate(found)[:, -1] == 1)


def test_a_batch_that_may_be_larger_than_memory_takes_only_the_rows_that_there_are() -> None:
    batches = Batches(10**12, 6)
    [batch] = batches.of(iter([np.ones((50_000, 6), np.float32)] * 3))
    assert batch.shape == (150_000, 7)


def moved(rows: np.ndarray, centres: np.ndarray, size: int, half_life: float) -> np.ndarray:
    """Web-scale k-means as it is written down, a row at a time."""
    places, weights = centres.astype(np.float64).copy(), np.zeros(len(centres))
    for first in range(0, len(rows), size):
        batch = rows[first : first + size]
        near = squares(batch, places).argmin(axis=1)
        weights *= 0.5 ** (len(batch) / half_life) if half_life else 1
        for row, centre in zip(batch, near, strict=True):
            weights[centre] += 1
            places[centre] += (row - places[centre]) / weights[centre]
    return places


@pytest.mark.parametrize(("half_life", "kept"), [(0, 1000), (100, 100 + 300 / 2 + 300 / 16 + 300 / 128)])
def test_centres_move_as_weighted_means_do_one_row_after_another(half_life: int, kept: float) -> None:
    rows = blobs(1000)
    rows -= rows[0]
    stream = Stream(GIVEN | {"half_life_time_size": half_life, "init_method": "kmeans++"}, (0,))
    for batch in Batches(300, 6).of([rows]):
        stream.learn(batch)
    chosen = far_apart(rows[:300], np.ones(300), 20, np.random.default_rng((0,)))
    assert stream.centres == pytest.approx(moved(rows, chosen, 300, half_life), abs=1e-4)
    assert stream.weights.sum() == pytest.approx(kept)


def test_fewer_rows_than_centres_are_all_of_them_centres_at_first() -> None:
    stream = Stream(GIVEN, (0,))
    for batch in Batches(4, 6).of([blobs(10)]):
        stream.learn(batch)
    assert stream.centres is None
    stream.begin()
    assert stream.weights.tolist() == [1] * 10


@pytest.mark.parametrize("method", ["random", "kmeans++"])
def test_weighted_points_are_reduced_as_well_as_scikit_learn_does(method: str) -> None:
    points = blobs(400).astype(np.float64)
    weights = np.random.default_rng(2).exponential(size=400)
    centres, loss = reduced(points, weights, GIVEN | {"local_lloyd_init_method": method})
    oracle = KMeans(5, n_init=20, random_state=0).fit(points, sample_weight=weights)
    assert loss == pytest.approx(oracle.inertia_, rel=0.01)
    assert loss == pytest.approx(weights @ squares(points, centres).min(axis=1))


def test_as_many_centres_as_asked_for_come_of_points_that_are_the_same() -> None:
    centres, loss = reduced(np.ones((3, 2)), np.ones(3), GIVEN)
    assert (centres.tolist(), loss) == ([[1, 1]] * 5, 0)


@pytest.mark.parametrize("shift", [0, 1e5])
def test_the_nearest_centre_and_its_distance_are_right_far_from_0_too(shift: float) -> None:
    rows, centres = blobs(5000) + np.float32(shift), blobs(300, seed=5) + np.float32(shift)
    near, found = assigned(rows, centres)
    wanted = squares(rows, centres)
    assert np.array_equal(near, wanted.argmin(axis=1))
    assert found == pytest.approx(wanted.min(axis=1))


def test_many_centres_find_what_few_would_miss() -> None:
    rows = blobs(20_000, clusters=30)

    def cost(**more: Any) -> float:
        given = GIVEN | {"k": 30, **more}
        stream, batches = Stream(given, (0,)), Batches(500, 6)
        for batch in batches.of([rows]):
            stream.learn(batch)
        centres, _ = reduced(stream.centres + batches.origin, stream.weights, given)
        return inertia(rows, centres)

    oracle = KMeans(30, n_init=5, random_state=0).fit(rows).inertia_
    assert cost(extra_center_factor=10) < 1.03 * oracle < cost(extra_center_factor=1)


def kept(rows: np.ndarray, room: int, seed: int = 0, ends: list[int] | None = None) -> np.ndarray:
    """Which rows are kept when they come by in tables that end there; they pass as they are."""
    sample = Sample(room, rows.shape[1], (seed, 0, 1))
    assert np.array_equal(np.concatenate(list(sample.of(np.split(rows, ends or [])))), rows)
    return np.asarray(sample.rows)


def test_all_rows_are_kept_where_there_is_room_and_else_the_same_ones_wherever_tables_end() -> None:
    rows = blobs(1000)
    assert np.array_equal(kept(rows, 1000, ends=[1, 400]), rows)
    few = kept(rows, 90)
    assert len(np.unique(few, axis=0)) == 90
    for ends in ([1, 2, 3], [89], [90], [91, 500], [*range(7, 1000, 7)]):
        assert np.array_equal(kept(rows, 90, ends=ends), few)
    assert not np.array_equal(kept(rows, 90, seed=1), few)


def test_each_row_is_as_likely_to_be_kept_as_any_other() -> None:
    rows = np.arange(60, dtype=np.float32)[:, None]
    draws = 4000
    found = [kept(rows, 12, seed, [5, 20, 21, 50])[:, 0].astype(int) for seed in range(draws)]
    assert all(len(set(one)) == 12 for one in found)
    counts = np.bincount(np.concatenate(found), minlength=60)
    spread = np.sqrt(draws * 0.2 * 0.8)
    assert np.abs(counts - draws * 0.2).max() < 4.5 * spread
    assert counts.std() == pytest.approx(spread, rel=0.3)


def test_rows_are_kept_in_a_few_megabytes_of_all_hosts_together_and_enough_of_them_however_wide() -> None:
    assert room(50, 1) == SAMPLE_BYTES // 200
    assert room(50, 4) == SAMPLE_BYTES // 200 // 4
    assert room(20_000, 2) == 500
    assert room(20_000, 5000) == 1


def test_of_each_host_a_sample_counts_as_the_rows_that_it_is_of() -> None:
    centres = np.array([[0.0], [10.0]], np.float32)
    kept = [(np.array([[1.0], [9.0]]), 2), (np.array([[13.0], [5.0]]), 98), (np.zeros((0, 1)), 0)]
    assert estimated(centres, kept) == (pytest.approx((2 * 1 + 98 * (9 + 25) / 2) / 100), 100)
