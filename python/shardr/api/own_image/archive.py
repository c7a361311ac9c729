"""Where R packages come from: which ones Debian has built, at which version, and what the others need of the system."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from shardr._inst import inst

DEBIAN_R = "4.2.2"
"""R in Debian bookworm, which shardr's images are made of."""
CRAN = "https://packagemanager.posit.co/cran/2023-06-10"
"""CRAN as it was when bookworm came out: packages that fit its R and its r-cran-*, and the same ones on every build."""
IN_SHARDR = frozenset({"cli", "data.table", "jsonlite", "rlang", "shardr"})
"""R packages that all images of shardr's have."""


@dataclass(frozen=True)
class DebianPackage:
    """An R package that Debian has."""

    name: str
    version: str
    """As Debian counts it, with an epoch where it has one."""
    archive: str

    @property
    def upstream(self) -> str:
        """The version that R knows."""
        return self.version.rpartition(":")[2]

    @property
    def apt(self) -> str:
        """What to tell ``apt-get install``: this version, with whatever Debian mends in it."""
        return f"r-{self.archive}-{self.name.lower()}={self.version}*"


@lru_cache
def debian() -> dict[str, DebianPackage]:
    """The R packages of Debian bookworm by name; in lower case those whose spelling is not known."""
    lines = inst("images", "debian-r-packages.txt").read_text(encoding="utf-8").splitlines()
    return {found.name: found for found in (DebianPackage(*line.split()) for line in lines)}


@lru_cache
def _libraries() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(inst("images", "system-libraries.json").read_text("utf-8"))
    return found


def libraries_to_build(package: str) -> list[str]:
    """Debian packages without which this R package cannot be compiled."""
    return _libraries()["to build"].get(package, [])


def programs_to_run(package: str) -> list[str]:
    """Debian packages whose programs this R package starts."""
    return _libraries()["to run"].get(package, [])


def nearest(name: str) -> str | None:
    """The known package that a name nobody knows was probably meant to be."""
    from difflib import get_close_matches

    known = {*debian(), *_libraries()["to build"], *IN_SHARDR}
    if name in known:
        return None
    by_case = [other for other in known if other.lower() == name.lower()]
    return next(iter(by_case or get_close_matches(name, sorted(known), n=1, cutoff=0.8)), None)
