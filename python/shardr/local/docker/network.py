"""What a job has at the daemon before its instances: a network, where they have peers, and nothing of a job before.

Whoever starts the job's supervisor does it while the supervisor loads what it needs: both take as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError
from shardr.local.docker import traces
from shardr.local.docker.daemon import Address, connect, in_our_words
from shardr.requests.facts import facts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def begin(machine: Mapping[str, Any], job: Path, request: Mapping[str, Any]) -> bool:
    """Whether all is prepared; when not, the supervisor prepares it, and tells what is in the way."""
    about = facts(request)
    try:
        prepare(Address(**machine["daemon"]), job, about.instances, isolated=about.isolated)
    except (RunnerError, OSError):
        return False
    return True


def prepare(daemon: Address, job: Path, instances: int, *, isolated: bool) -> None:
    """Makes the network of a job that has no container yet; raises ``RunnerError``."""
    client = connect(daemon)
    traces.remove(client, job)  # of one of the same name, if its home was wiped while it ran
    traces.note(job, daemon)
    if instances == 1:
        return
    fix = "`docker network prune` removes networks that nobody uses: a daemon has some 30 by default"
    with in_our_words("the instances' network could not be made", fix):
        client.create_network(traces.name(job), driver="bridge", internal=isolated, labels=traces.labels(job))
