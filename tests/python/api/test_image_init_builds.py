"""Dockerfiles that were written build, for real, and the scripts run in what they make."""

from __future__ import annotations

import functools
import http.server
import io
import subprocess
import tarfile
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.docker.image_world import output

import shardr
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def built(folder: Path, **args: str) -> Iterator[str]:
    """The id of the image that the folder's Dockerfile makes, out of the files that the Dockerfile names."""
    client, packed = connect(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=".")
    packed.seek(0)
    said = list(
        client.build(fileobj=packed, custom_context=True, buildargs=args, network_mode="host", rm=True, decode=True)
    )
    assert "error" not in said[-1], "".join(part.get("stream", "") for part in said[-40:])
    image = next(part["aux"]["ID"] for part in reversed(said) if "aux" in part)
    try:
        yield image
    finally:
        client.remove_image(image, force=True)


def test_a_script_with_a_package_of_debians_runs_in_its_image_and_not_as_root(
    processing_image: str, tmp_path: Path
) -> None:
    script = tmp_path / "main.R"
    script.write_text('library(R6)\nsource("help.R")\ncat(class(R6Class("A")), helped(), Sys.info()[["user"]])\n')
    (tmp_path / "help.R").write_text("helped <- function() digest::digest(1, algo = 'md5')\n")
    draft = shardr.init_image(script)
    assert draft.notes == []  # the base is there
    with built(tmp_path) as image:
        assert output(image) == (0, "R6ClassGenerator 6717f2823d3202449301145073ab8719 shardr")
        script.write_text('cat("changed")\n')
        begun = time.monotonic()
        with built(tmp_path) as again:
            assert time.monotonic() - begun < 5
            assert output(again) == (0, "changed")


def test_a_package_from_source_is_compiled_linked_and_leaves_no_compiler(processing_image: str, tmp_path: Path) -> None:
    script = tmp_path / "image" / "main.R"
    script.parent.mkdir()
    script.write_text('library(webp)\ncat(version_of_libwebp() > 0, nzchar(Sys.which(c("gcc", "make"))))\n')
    draft = shardr.init_image(script)
    assert (draft.compiled, draft.libraries) == (["webp"], {"webp": ["libwebp-dev"]})
    with cran(tmp_path / "cran") as address, built(script.parent, CRAN=address) as image:
        assert output(image) == (0, "TRUE FALSE FALSE")


@contextmanager
def cran(folder: Path) -> Iterator[str]:
    """A repository of R packages on loopback with one package, which is linked to a library of the system."""
    files = {
        "DESCRIPTION": "Package: webp\nVersion: 1.0\nTitle: T\nDescription: D.\nLicense: MIT\nAuthor: A\n"
        "Maintainer: A <a@example.org>\nNeedsCompilation: yes\n",
        "NAMESPACE": "useDynLib(webp)\nexport(version_of_libwebp)\n",
        "R/webp.R": 'version_of_libwebp <- function() .Call("version", PACKAGE = "webp")\n',
        "src/webp.c": "#include <Rinternals.h>\n#include <webp/decode.h>\n"
        "SEXP version(void) { return ScalarInteger(WebPGetDecoderVersion()); }\n",
        "src/Makevars": "PKG_LIBS = -lwebp\n",
    }
    for name, content in files.items():
        path = folder / "webp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    contrib = folder / "src" / "contrib"
    contrib.mkdir(parents=True)
    for command in (["R", "CMD", "build", folder / "webp"], ["Rscript", "-e", 'tools::write_PACKAGES(".")']):
        subprocess.run(command, cwd=contrib, check=True, capture_output=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_python_script_runs_in_its_image(docker_host: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import os, sys\nprint(sys.prefix, os.getuid(), os.getcwd())\n")
    shardr.init_image(tmp_path / "main.py")
    with built(tmp_path) as image:
        assert output(image) == (0, "/opt/python 1000 /\n")
