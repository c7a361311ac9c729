"""Why an image could not be built: the step, what it printed last, and what to do about it."""

from __future__ import annotations

import re

from shardr.errors import ImageError

LAST_LINES = 15
WIDTH = 100
NO_SERVER = "Temporary failure|Could not resolve|[Cc]ould not connect|Unable to connect|Connection timed|refused"
QUOTED = r"[\u2018'\"](?P<name>[\w.]+)[\u2019'\"]"


def failed(name: str, step: str, lines: list[str], error: str) -> ImageError:
    """The error: ``step`` is the one that failed, ``lines`` are what it printed."""
    status = re.search(r"returned a non-zero code: (\d+)", error)
    why = f"its command ended with code: {status[1]}" if status else error
    shown = [f"step {shortened(step)}"] if step else []
    text = "\n    ".join([why, *shown, *lines[-LAST_LINES:]])
    return ImageError(f"the image {name} cannot be built", why=text, fix=_fix(name, "\n".join([*lines, error])))


def _fix(name: str, printed: str) -> str:
    """What to do about the first known cause in what was printed."""
    if found := re.search(r"unable to access index for repository (\S+?)(/src/contrib)?:?(\s|$)", printed):
        return (
            f"R reached no repository of packages at {found[1]}: set HTTPS_PROXY where one is needed, build on the"
            ' network "host", or change ARG CRAN in the Dockerfile to a repository that answers'
        )
    if found := re.search(rf"package {QUOTED} is not available", printed):
        return (
            f'the repository has no R package "{found["name"]}": is the name right? Correct it in the script and write'
            " the Dockerfile anew; what is not on CRAN needs a line of its own in the Dockerfile"
        )
    if found := re.search(rf"installation of package {QUOTED} had non-zero exit status", printed):
        return (
            f'the R package "{found["name"]}" could not be compiled: when a library is missing, the lines above name'
            " it, and the Debian package that has it goes into the list of the Dockerfile"
        )
    if found := re.search(r"No matching distribution found for (\S+)", printed):
        return f'pip finds no package "{found[1]}": are the name and the version right?'
    if re.search(NO_SERVER, printed):
        return (
            'the build reached no package server: set HTTPS_PROXY where one is needed, or build on the network "host"'
        )
    if re.search("no space left", printed, re.IGNORECASE):
        return "free some disk space: `docker system df` shows what Docker holds"
    if "BuildKit" in printed:
        return f"`docker build -t {name} FOLDER` knows more instructions than the API does; a spec takes what it makes"
    return "mend this step in the Dockerfile and build again: the steps before it are not done anew"


def shortened(text: str) -> str:
    """On one line that fits a terminal."""
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1].rstrip()}…"
