"""Where the files that are not Python are: ``inst/``, ``docker/`` and the sources of the R half, one copy of each."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[1]


def inst(*parts: str) -> Path:
    """Path of a shared file: inside the wheel when installed, in ``inst/`` of the checkout when editable.

    >>> inst("schema", "job.schema.json").name
    'job.schema.json'
    """
    return _packaged("_inst_data", _CHECKOUT / "inst").joinpath(*parts)


def docker_folder() -> Path:
    """The folder with a Dockerfile per image."""
    return _packaged("_docker", _CHECKOUT / "docker")


def r_sources() -> Path:
    """The folder with ``DESCRIPTION``, ``NAMESPACE`` and ``R/`` of the R half; its ``inst/`` is :func:`inst`."""
    return _packaged("_r_src", _CHECKOUT)


def python_half() -> dict[str, Path]:
    """What an image for Python scripts holds of shardr, by its place on the path: the runtime and what is below it."""
    found = [_HERE / name for name in ("__init__.py", "errors.py", "py.typed")]
    found += [path for folder in ("recordio", "runtime") for path in (_HERE / folder).rglob("*.py")]
    return {f"shardr/{path.relative_to(_HERE).as_posix()}": path for path in sorted(found)}


def _packaged(name: str, otherwise: Path) -> Path:
    return _HERE / name if (_HERE / name).is_dir() else otherwise
