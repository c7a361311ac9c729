"""Which instance gets which key: pure arithmetic, the same in R and in Python."""

from __future__ import annotations

import heapq
from itertools import cycle, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["assign", "balance", "sort_keys"]

_MODULUS = 2147483647  # MINSTD: every product stays below 2^53, so R's doubles compute it exactly
_MULTIPLIER = 48271
_INVERSE = 1899818559  # of the multiplier: a step back


def sort_keys(keys: Iterable[str]) -> list[str]:
    """The keys in bytewise order of their UTF-8 form, whatever the locale.

    >>> sort_keys(["b", "é", "B", "a"])
    ['B', 'a', 'b', 'é']
    """
    return sorted(keys)  # code point order, which is what UTF-8 bytes sort by


def assign(keys: Sequence[str], instances: int, permute: int | None = None) -> list[list[str]]:
    """The keys of each instance: key ``i`` of the sorted keys goes to instance ``i mod instances``.

    ``permute`` is a seed that changes who gets what and nothing else; a right script does not notice. The positions
    ``0 .. n-1`` of the sorted keys are shuffled (Fisher-Yates: ``i`` from ``n-1`` down to ``1`` changes places with
    ``x mod (i+1)``), where ``x <- 48271 * x mod 2147483647`` before each exchange, from ``x = 1 + permute mod
    2147483646``. Position ``i`` of the shuffled list then goes to instance ``i mod instances``.

    The keys of one instance are always sorted. There is one list per instance; with fewer keys than instances the
    last ones are empty. Raises ValueError when ``instances`` is below 1.

    >>> assign(["d", "a", "c", "b"], 2)
    [['a', 'c'], ['b', 'd']]
    """
    _at_least_one("instances", instances)
    ordered = sort_keys(keys)
    if permute is None:
        return [ordered[k::instances] for k in range(instances)]
    found: list[list[str]] = [[] for _ in range(instances)]
    takers = list(islice(cycle([keys.append for keys in found]), len(ordered)))
    _unshuffle(takers, permute)
    for take, key in zip(takers, ordered, strict=True):
        take(key)
    return found


def _unshuffle(items: list[Any], permute: int) -> None:
    """Put item ``i`` where position ``i`` of the shuffled list came from: the same exchanges, the last one first.

    Half the time of a shuffle with its inverse, for a million keys.
    """
    modulus, back = _MODULUS, _INVERSE
    x = (1 + permute % (modulus - 1)) * pow(_MULTIPLIER, len(items) - 1, modulus) % modulus
    for i in range(1, len(items)):
        j = x % (i + 1)
        items[i], items[j] = items[j], items[i]
        x = back * x % modulus


def balance(sizes: Sequence[tuple[str, int]], shards: int) -> list[list[str]]:
    """The keys of each shard so that the shards weigh about the same, from ``(key, bytes)`` pairs.

    The heaviest key goes first, each to the shard that is lightest so far (then the one with fewer keys, then the
    first). Equal weights go in bytewise order of their keys, so the same input always gives the same shards. Keys of
    one shard are sorted; with fewer keys than shards the last shards are empty. Raises ValueError when ``shards`` is
    below 1.

    >>> balance([("a", 5), ("b", 4), ("c", 3), ("d", 2)], 2)
    [['a', 'd'], ['b', 'c']]
    """
    _at_least_one("shards", shards)
    found: list[list[str]] = [[] for _ in range(shards)]
    lightest = [(0, 0, shard) for shard in range(shards)]
    by_key = sorted(sizes, key=itemgetter(0))
    for key, size in sorted(by_key, key=itemgetter(1), reverse=True):  # equal sizes stay in the order of their keys
        load, count, shard = lightest[0]
        found[shard].append(key)
        heapq.heapreplace(lightest, (load + size, count + 1, shard))
    return [sort_keys(keys) for keys in found]


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
