"""The tables of R packages: what Debian has, and what compiling needs of the system."""

from __future__ import annotations

import re
import subprocess

import pytest

from shardr.api.own_image import archive

REPO_PINS = "docker/r-packages.txt"


def test_debian_packages_are_told_to_apt_by_their_version() -> None:
    assert archive.debian()["R6"].apt == "r-cran-r6=2.5.1*"
    assert archive.debian()["limma"].apt == "r-bioc-limma=3.54.1*"
    assert archive.debian()["sp"].apt == "r-cran-sp=1:1.6-0*"
    assert archive.debian()["sp"].upstream == "1.6-0"


@pytest.mark.parametrize("name", ["R6", "RCurl", "data.table", "sf", "limma", "org.Hs.eg.db", "pander"])
def test_apt_knows_what_it_is_told(name: str) -> None:
    package, _, version = archive.debian()[name].apt.partition("=")
    shown = subprocess.run(["apt-cache", "madison", package], capture_output=True, text=True, check=True).stdout
    assert re.search(rf"\| +{re.escape(version.rstrip('*'))}", shown)


def test_every_name_is_one_that_r_takes() -> None:
    assert len(archive.debian()) > 1200
    assert [name for name in archive.debian() if not re.fullmatch(r"[A-Za-z][A-Za-z0-9.-]*", name)] == []


def test_system_libraries_are_named_for_what_needs_them() -> None:
    assert archive.libraries_to_build("sf") == ["libgdal-dev", "libgeos-dev", "libproj-dev", "libudunits2-dev"]
    assert archive.programs_to_run("rJava") == ["default-jre-headless"]
    assert archive.libraries_to_build("R6") == []


def test_every_system_library_is_a_package_of_debian() -> None:
    tables = archive._libraries().values()
    named = sorted({library for table in tables for libraries in table.values() for library in libraries})
    shown = subprocess.run(["apt-cache", "policy", *named], capture_output=True, text=True, check=True).stdout
    assert [name for name in named if f"{name}:\n" not in shown] == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("data.tabel", "data.table"),
        ("r6", "R6"),
        ("ggplot", "ggplot2"),
        ("R6", None),
        ("mypackage", None),
        ("RPostgres", None),
    ],
)
def test_a_slip_in_a_name_is_seen(name: str, meant: str | None) -> None:
    assert archive.nearest(name) == meant
