"""What an instance finds below ``/opt/ml`` and what it leaves there: the service's contract, seen from outside."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shardr.requests.facts import Kind

REGION = "us-east-1"
ACCOUNT = "000000000000"
STOP_GRACE_SECONDS = 120
LIFE_TAG = "ttl-seconds"
LIFE_SECONDS = 4 * 3600
"""How long an endpoint lives that does not say: it costs nothing here, and would on the service."""
MESSAGE_BYTES = 1024
NAME_CHARACTERS = 63
REASON_CHARACTERS = 1024
FRAMES = re.compile(r"Traceback \(most recent call last\):\n(?P<frames>(?: .*\n)+)(?=\S)")
"""What stands between the head of a traceback and the error itself, if that is there."""
FRAME = re.compile(r"^(?=  File )", re.MULTILINE)


def hosts(count: int) -> list[str]:
    """The names of the instances, in lexicographic order: algo-10 comes before algo-2."""
    return sorted(f"algo-{i}" for i in range(1, count + 1))


def attempt_name(name: str, attempt: int) -> str:
    """The name of a job's further attempt, cut with a digest where the service would not take the whole."""
    ending = f"-r{attempt}"
    if len(name) + len(ending) > NAME_CHARACTERS:
        import hashlib

        ending = f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}{ending}"
    return name[: NAME_CHARACTERS - len(ending)] + ending


def arn(kind: Kind, name: str) -> str:
    """The name of a job as the service writes it in full."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind.resource}/{name}"


@dataclass(frozen=True)
class Tree:
    """One instance's ``/opt/ml``, kept in a folder of this machine."""

    root: Path

    def at(self, path: str) -> Path:
        """Where ``/opt/ml/…`` of the instance lies on this machine."""
        return self.root / os.path.relpath(path, ML)

    def make(self, *paths: str) -> None:
        """Makes folders of the instance."""
        for path in paths:
            self.at(path).mkdir(parents=True, exist_ok=True)

    def write_json(self, path: str, content: Mapping[str, Any]) -> None:
        """Writes a config file that the entrypoint may rely on."""
        self.at(path).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    def linked(self, path: str) -> bool:
        """Whether a script has put a symbolic link on the way to a path of the instance: it leads anywhere."""
        return self.at(path).resolve() != self.root.resolve() / os.path.relpath(path, ML)

    def written(self, name: str, limit: int) -> bytes:
        """The beginning of what the instance wrote to ``output/<name>``; empty when it wrote nothing."""
        folder, path = self.root / "output", self.root / "output" / name
        if self.linked(f"{ML}/output"):
            return b""
        with suppress(OSError):  # a script may have closed them to us
            folder.chmod(0o700)
            if not self.linked(f"{ML}/output/{name}") and path.is_file():
                if not os.access(path, os.R_OK):
                    path.chmod(0o600)
                with path.open("rb") as stream:
                    return stream.read(limit + 4)  # enough to know whether a character is cut
        return b""


def tag(request: dict[str, Any], key: str, default: str = "") -> str:
    """A setting of ours that the service has no field for: it travels as the tag ``shardr:<key>``."""
    found: str = next((t["Value"] for t in request.get("Tags", []) if t["Key"] == f"shardr:{key}"), default)
    return found


def exit_message(messages: list[bytes]) -> str:
    """The job's exit message: those of all instances in order, cut at 1 KB where a character ends.

    Raises ``UnicodeDecodeError`` for what is no UTF-8; the service fails such a job.
    """
    joined = b"".join(messages)
    cut = joined[:MESSAGE_BYTES]
    if len(joined) > MESSAGE_BYTES:
        while cut and (joined[len(cut)] & 0xC0) == 0x80:  # the next byte continues a character: step back
            cut = cut[:-1]
    return cut.decode("utf-8")


def failure_reason(text: str) -> str:
    """A failure reason at the length the service keeps; odd file names are made legible.

    What is too long loses its end, as an error says first what went wrong; a traceback of Python's, which says it last,
    loses frames before that, the oldest first.
    """
    legible = text.encode("utf-8", "backslashreplace").decode()
    found = _fewer_frames(legible).encode("utf-16-le")
    if len(found) <= 2 * REASON_CHARACTERS:
        return found.decode("utf-16-le")
    return found[: 2 * REASON_CHARACTERS - 2].decode("utf-16-le", "ignore") + "…"


def _fewer_frames(text: str) -> str:
    """A text whose last traceback has as many of its last frames as there is room for."""
    traceback = next(reversed([*FRAMES.finditer(text)]), None)
    if traceback is None:
        return text
    start, end = traceback.span("frames")
    frames, shorter = FRAME.split(traceback["frames"])[1:], text
    while frames and _characters(shorter) > REASON_CHARACTERS:
        del frames[0]
        shorter = f"{text[:start]}  …\n{''.join(frames)}{text[end:]}"
    return shorter


def _characters(text: str) -> int:
    """The length of a text as the service counts it: in UTF-16, as Java does."""
    return len(text.encode("utf-16-le")) // 2
