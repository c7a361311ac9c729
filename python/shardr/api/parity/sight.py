"""What an instance saw: printed by a shell in place of the script, and read again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardr.api.parity.difference import Difference, differing, texts_differing
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROBE = f"""
exec 2> /dev/null
PATH=$PATH:/usr/bin:/bin
say() {{ printf '\\n@@ %s\\n' "$1"; }}
say environment; cat /proc/$$/environ
say "working directory"; pwd -P
say "host name"; cat /proc/sys/kernel/hostname
say "standard input"; if read -r line || [ -n "$line" ]; then echo given; else echo empty; fi
say user; ls -nd /proc/$$
say listing; LC_ALL=C ls -lnAR {ML}
for file in {ML}/config/*; do say "config $file"; cat "$file"; done
say end
"""
"""For any POSIX shell with cat and ls. The environment is the one it was started with: shells add to theirs."""
WITH_VALUES = ("LANG", "TZ", "AWS_REGION")
"""Variables whose values change what programs do; those of others are paths, or the spec's own."""
PLAIN = ("working directory", "host name", "standard input")
KINDS = {"-": "file", "d": "folder", "l": "link", "p": "pipe", "s": "socket", "c": "device", "b": "device"}
TIME = r"(?:\w{3} +\d+ +[\d:]+|\d{4}-\d\d-\d\d \d\d:\d\d)"
ENTRY = re.compile(rf"([-dlpscb])\S+ +\d+ +\d+ +\d+ +(?:\d+, +)?(\d+) {TIME} (.*)")


@dataclass(frozen=True)
class Sight:
    """What one instance saw."""

    environment: dict[str, str]
    plain: dict[str, str]
    user: str
    listing: dict[str, str] = field(repr=False)
    config: dict[str, str] = field(repr=False)


def read_sight(printed: bytes, normal: Callable[[str], str]) -> Sight | None:
    """What the probe printed, with names of this run made ``normal``; None when it did not come to its end."""
    parts = printed.decode("utf-8", "replace").split("\n@@ ")[1:]
    found = dict(part.partition("\n")[::2] for part in parts)
    if "end" not in found:
        return None
    variables = [entry.partition("=")[::2] for entry in found["environment"].split("\0") if entry]
    config = {key.removeprefix("config "): normal(text) for key, text in found.items() if key.startswith("config ")}
    owner = found["user"].split()
    return Sight(
        environment=dict(variables),
        plain={name: found[name].strip() for name in PLAIN},
        user=owner[2] if len(owner) > 2 else "?",
        listing=_listing(found["listing"]),
        config=config,
    )


def _listing(text: str) -> dict[str, str]:
    """Each path with its kind, and with the size where that is the same in every place: of files but the config's."""
    found: dict[str, str] = {}
    folder = ML
    for line in text.splitlines():
        entry = ENTRY.fullmatch(line)
        if entry is None:
            if line.startswith(ML) and line.endswith(":"):
                folder = line[:-1]
            continue
        kind, size, name = KINDS[entry[1]], entry[2], entry[3]
        if kind == "link":
            name, _, target = name.partition(" -> ")
            kind = f"link to {target}"
        elif kind == "file" and folder != f"{ML}/config":
            kind = f"file of {size} bytes"
        found[f"{folder}/{name}"] = kind
    return found


def sight_differences(step: str, instance: str, process: Sight, docker: Sight) -> list[Difference]:
    """What a script in one runner could see otherwise than in the other; not who it is run as."""
    found: list[Difference] = []
    for name in sorted({*process.environment, *docker.environment}):
        one, other = (
            sight.environment.get(name) if name in WITH_VALUES else "set" if name in sight.environment else None
            for sight in (process, docker)
        )
        found += differing(step, instance, f"environment variable {name}", one, other)
    for name in PLAIN:
        found += differing(step, instance, name, process.plain[name], docker.plain[name])
    for path in sorted({*process.listing, *docker.listing}):
        found += differing(step, instance, path, process.listing.get(path), docker.listing.get(path))
    for path in sorted({*process.config} & {*docker.config}):
        found += texts_differing(step, instance, f"content of {path}", process.config[path], docker.config[path])
    return found


def sight_notes(pairs: Mapping[tuple[str, str], tuple[Sight | None, Sight | None]]) -> Iterator[str]:
    """As whom the scripts of a step ran, when not as the same, and where nobody could look; by step and instance."""
    users: dict[tuple[str, str], str] = {}
    for (step, instance), (one, other) in pairs.items():
        if one is None or other is None:
            side = "process" if one is None else "docker"
            yield f"{step}, {instance}: could not look in {side}, which takes /bin/sh, cat and ls"
        elif one.user != other.user:
            users[one.user, other.user] = step
    for (here, there), step in users.items():
        yield f"{step}: user {here} in process, user {there} in docker"
