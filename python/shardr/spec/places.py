"""Where instances find and leave things: the service's folders. Without pydantic, for those who must start fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ML = "/opt/ml"
PROCESSING = f"{ML}/processing"
"""Every channel of a processing job lives below this path, by the service's rule."""
DATA = f"{ML}/input/data"
"""Below it a training job finds its channels, each by its name."""
MODEL_PATH = f"{ML}/model"
OUTPUT_PATH = f"{ML}/output/data"
CHECKPOINTS = f"{ML}/checkpoints"


def is_epoch(path: str, folder: str) -> bool:
    """Whether an epoch of the channel that would be this folder is streamed at the path.

    >>> is_epoch("/data/a_0", "/data/a"), is_epoch("/data/a_b", "/data/a")
    (True, False)
    """
    return re.fullmatch(re.escape(folder.rstrip("/")) + "_[0-9]+", path.rstrip("/")) is not None


def told_as_folder(path: str, words: Sequence[str], others: Sequence[str]) -> str | None:
    """The first word that names something in the folder of a channel, and in none of other channels that lie in it.

    >>> told_as_folder("/data/a", ["cat", "/data/a/1.csv"], ["/data/b"])
    '/data/a/1.csv'
    >>> told_as_folder("/input", ["Rscript", "/input/code/fit.R"], ["/input/code"])
    """
    folder = f"{path.rstrip('/')}/"
    within = [f"{other.rstrip('/')}/" for other in others if other.startswith(folder)]
    return next((word for word in words if folder in word and not any(other in word for other in within)), None)
