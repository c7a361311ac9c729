"""What scripts inside instances call, in processing and in training jobs: the same nouns as the R package has.

Of the standard library alone, so that a container needs nothing else to import it.

>>> from shardr.runtime import hp_integer, hp_string, hyperparameters
>>> hp = hyperparameters(                                              # doctest: +SKIP
...     top_k=hp_integer(10, min=1, max=1000, description="neighbours kept of each row"),
...     mode=hp_string("top_k", choices=["top_k", "block"]),
... )
>>> hp.top_k                                                           # doctest: +SKIP
10
"""

from shardr.runtime.checkpoints import checkpoint
from shardr.runtime.instance import Shard, channel, job_message, shard, shard_files
from shardr.runtime.metrics import log_metric
from shardr.runtime.models import model_path, save_model
from shardr.runtime.parameters import hp_integer, hp_logical, hp_number, hp_string, hyperparameters
from shardr.runtime.pipes import pipe, pipe_blocks, pipe_lines
from shardr.runtime.shares import shard_groups, shard_rows
from shardr.runtime.values import Hyperparameter

__all__ = [
    "Hyperparameter",
    "Shard",
    "channel",
    "checkpoint",
    "hp_integer",
    "hp_logical",
    "hp_number",
    "hp_string",
    "hyperparameters",
    "job_message",
    "log_metric",
    "model_path",
    "pipe",
    "pipe_blocks",
    "pipe_lines",
    "save_model",
    "shard",
    "shard_files",
    "shard_groups",
    "shard_rows",
]
