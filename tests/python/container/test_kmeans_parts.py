"""What K-means is made of: batches, the stream of centres, and Lloyd's on centres with weights."""

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
