"""How AWS is asked: how often, how long an answer may take, and who asks."""

from __future__ import annotations

import os
from typing import Any

ATTEMPTS = 8


def config(service: str, *, attempts: int = ATTEMPTS, read_seconds: float = 60, connections: int = 32) -> Any:
    """Retries of what passes (throttling, server errors, lost connections) with growing, jittered pauses."""
    from botocore.config import Config

    mode = "standard" if service == "s3" else "adaptive"
    own = {"AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"} & os.environ.keys()  # the user's word counts
    return Config(
        retries=None if own else {"mode": mode, "total_max_attempts": attempts},
        connect_timeout=10,
        read_timeout=read_seconds,
        tcp_keepalive=True,
        max_pool_connections=connections,
        user_agent_extra="lib/shardr",
    )
