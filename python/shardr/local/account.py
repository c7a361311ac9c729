"""Whom a request is answered for: one account in one region, with its jobs and its objects in one home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.local import contract

if TYPE_CHECKING:
    from shardr.local.home import Home


@dataclass(frozen=True)
class Account:
    """The account that this machine plays."""

    home: Home
    runner: str | None = None
    """As in the spec; None: what ``SHARDR_RUNNER`` says, else ``auto``."""
    id: str = contract.ACCOUNT
    region: str = contract.REGION
