"""What the instances of a step were sent of a channel, taken together."""

from __future__ import annotations

from typing import Any

from shardr.engines.streaming import together


def host(epochs: int, state: str = "InProgress", **more: Any) -> dict[str, Any]:
    told = {"bytes": 100 * epochs, "seconds": 2.0 * epochs, "epochs": epochs, "epoch_bytes": 30, **more}
    return {"state": state, "streamed": {"train": told}}


def test_an_instance_that_is_ahead_has_all_of_the_epoch_that_others_are_in() -> None:
    found = together([host(1, epoch_size=50), host(2, epoch_size=70)])["train"]
    assert (found.epochs, found.epoch_bytes, found.epoch_size, found.bytes) == (1, 100, 120, 300)
    assert (found.bytes_per_second, found.progress) == (100, "83 % of epoch 0")


def test_instances_that_are_over_hold_nobody_back() -> None:
    over = host(1, "Completed", epoch_size=50)
    assert together([over, host(3, epoch_size=60)])["train"].progress == "50 % of epoch 2"
    assert together([over, over])["train"].progress == "60 % of epoch 0"


def test_what_is_not_known_is_no_share() -> None:
    assert together([host(2), host(2, epoch_size=60)])["train"].progress == "epoch 1"
    assert together([host(1, epoch_size=0)])["train"].progress == "epoch 0"
    assert together([host(0)])["train"].progress == "not opened"
    assert together([{"state": "Pending"}, {"state": "InProgress"}]) == {}
