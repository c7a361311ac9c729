"""``renv.lock``: the R packages of a project at their exact versions, and the R they were used with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError, Problem

if TYPE_CHECKING:
    from pathlib import Path

FIX = "write it anew in R with renv::snapshot()"


@dataclass(frozen=True)
class Lock:
    """What a lock file states."""

    r: str
    packages: dict[str, str]
    """Version by name, renv itself left out."""


def read(path: Path) -> Lock:
    """The lock; raises ``ImageError`` with all that is wrong with it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise ImageError(f"{path.name} cannot be read", why=str(error), fix=FIX) from error
    problems: list[Problem] = []
    r = _text(content, "R", "Version", problems)
    packages = content.get("Packages") if isinstance(content, dict) else None
    if not isinstance(packages, dict):
        problems.append(Problem("Packages", "is not there, or has no names"))
        packages = {}
    versions = {name: _text(packages, name, "Version", problems, "Packages.") for name in packages if name != "renv"}
    if problems:
        raise ImageError(f"{path.name} is not what renv writes", problems=problems, fix=FIX)
    return Lock(r, versions)


def _text(within: Any, name: str, key: str, problems: list[Problem], above: str = "") -> str:
    entry = within.get(name) if isinstance(within, dict) else None
    found = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(found, str) and found:
        return found
    problems.append(Problem(f"{above}{name}.{key}", "is not there"))
    return ""
