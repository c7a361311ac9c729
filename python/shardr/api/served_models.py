"""Where a model is for the service, and what serves it: the model of a run, an archive, or a folder with its code."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.api.trained import trained
from shardr.data.archive import pack, unpack
from shardr.data.archived import names_in
from shardr.errors import DataError, SpecError

if TYPE_CHECKING:
    from shardr.engines.hosting import Hosting

CODE = "code"
"""The folder of an archive that has the code."""
SERVED_BY = {".R": "serving", ".r": "serving", ".py": "python"}
"""Shardr's image that serves a model by code with this ending."""
PROGRAM = "SAGEMAKER_PROGRAM"
IMAGE_FIX = 'image="…" (--image) is the one that serves it: that which trained it, as a rule'
CODE_FIX = (
    'code="predict.R" (--code), or predict.py, is a file with predict_fn(model, data): the image serving or python'
    " serves the model by it"
)


@dataclass(frozen=True)
class ServedModel:
    """A model as a container has it."""

    uri: str
    image: str
    """A name or an address."""
    environment: dict[str, str] = field(default_factory=dict)
    """What its image is told beside what the user says."""


@dataclass(frozen=True)
class _Source:
    """A model before its code is with it: here, as a file or a folder, or where the service has it."""

    shown: str
    path: Path | None = None
    uri: str | None = None
    image: str | None = None
    """That which trained it, where that is one that serves."""


def served_model(model: str | Path, where: Hosting, image: str | None = None, code: Path | None = None) -> ServedModel:
    """Puts a model where the service finds it, with ``code`` in its archive where that is given.

    Raises ``SpecError`` for what is no model, and where it cannot be known what serves it.
    """
    found = _source(str(model), where, coded=code is not None, imaged=image is not None)
    if code is not None and not code.expanduser().is_file():
        raise SpecError(f"there is no code {code}", fix=CODE_FIX)
    if code is not None and found.path is None:
        raise SpecError(f"code cannot be put into {found.shown}", fix="download it and name the file")
    image = image or _image(found, code)
    told = {PROGRAM: code.name} if code is not None else {}
    if found.path is not None and (code is not None or found.path.is_dir()):
        return ServedModel(_packed(found.path, code, where), image, told)
    return ServedModel(found.uri or where.keep(found.path or Path()), image, told)


def _source(text: str, where: Hosting, *, coded: bool, imaged: bool) -> _Source:
    """The model that a text names; that of a run is fetched where code is put into it or looked for in it."""
    path = Path(text).expanduser()
    if text.startswith("s3://"):
        return _Source(text, uri=text)
    if path.exists():
        return _Source(text, path=path)
    run, dot, step = text.rpartition(".")
    if not dot or "/" in text or text.endswith((".gz", ".tgz", ".tar")):
        raise SpecError(
            f'found "{text}", which is no file',
            fix="give RUN.STEP, the path of a model.tar.gz or of a folder with what is in one, or an s3:// URI",
        )
    return _trained(run, step, where, coded=coded, imaged=imaged)


def _trained(id: str, step: str, where: Hosting, *, coded: bool, imaged: bool) -> _Source:
    found = trained(id, step)
    shown = f'the model of step "{step}" of run {id}'
    serves = found.trained_in not in {where.image("processing"), where.image("python")}
    uri = found.uri if found.engine.name == where.name else None
    if uri is not None and not coded and (serves or imaged):
        return _Source(shown, uri=uri, image=found.trained_in)
    return _Source(shown, path=found.here(), uri=uri, image=found.trained_in if serves else None)


def _image(found: _Source, code: Path | None) -> str:
    """What serves a model by its code, or else what trained it."""
    if code is not None:
        by = {SERVED_BY.get(code.suffix)}
        if by == {None}:
            raise SpecError(f"{code} is no code that a model is served by", fix=CODE_FIX)
    else:
        by = {SERVED_BY[Path(name).suffix] for name in _codes(found.path)}
    if len(by) == 1:
        return str(by.pop())
    if found.image is not None and not by:
        return found.image
    if by:
        raise SpecError(f"{found.shown} has code in R and in Python", fix='image="serving" (--image), or "python"')
    raise SpecError(f"{found.shown} does not say which image serves it", fix=f"{IMAGE_FIX}; {CODE_FIX}")


def _codes(path: Path | None) -> list[str]:
    """The files with code in a folder or an archive."""
    if path is None:
        return []
    if path.is_dir():
        names = [f"{CODE}/{file.name}" for file in (path / CODE).glob("*")]
    else:
        try:
            names = names_in(path)
        except DataError as error:
            raise SpecError(f"{path} is no archive of a model", why=error.what) from error
    return [name for name in names if name.rpartition("/")[0] == CODE and Path(name).suffix in SERVED_BY]


def _packed(path: Path, code: Path | None, where: Hosting) -> str:
    """Where the archive of a folder is for the service, or an archive with code put into it."""
    with tempfile.TemporaryDirectory(prefix="shardr-model-") as made:
        place = Path(made)
        folder = path
        if path.is_file():
            folder = place / "model"
            unpack(path, folder)
        files = {"the model": folder}
        if code is not None:
            files["the code"] = place / "beside"
            (place / "beside" / CODE).mkdir(parents=True)
            shutil.copyfile(code.expanduser(), place / "beside" / CODE / code.name)
        archive = place / "model.tar.gz"
        if not pack(files, archive):
            raise SpecError(f"{path} has no files", fix="a model is a folder with its files, and its code in code/")
        return where.take(archive)
