"""What the SageMaker SDK sends for a job and what shardr sends for it: the same, but for what is told and meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from requests_of import SDKS, Difference, cases, differences, meant, on_purpose, ours, theirs, world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("sdk", SDKS)
def test_our_requests_are_those_of_the_sdk_but_for_what_is_meant(sdk: str, tmp_path: Path) -> None:
    world(tmp_path)
    we, they = ours(tmp_path), theirs(sdk, tmp_path)
    names = {kind: [case["name"] for case in cases()[kind]] for kind in ("jobs", "pipelines")}
    assert len(names["jobs"]) >= 40
    found: list[Difference] = []
    for kind, told in names.items():
        for name, a, b in zip(told, we[kind], they[kind], strict=True):
            found += differences(name, a, b)
    entries = [entry for entry in on_purpose() if entry.get("only", sdk) == sdk]
    unmeant = [one for one in found if not any(meant(entry, one) for entry in entries)]
    assert not unmeant, "\n".join(f"{d.case}: {d.field}: ours {d.ours!r}, the SDK's {d.theirs!r}" for d in unmeant)
    gone = [entry["field"] for entry in entries if not any(meant(entry, one) for one in found)]
    assert not gone, f"these occur no more: {gone}"
