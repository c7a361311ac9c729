"""One instance as a container: made, started, followed to its end, removed."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError
from shardr.local.docker.daemon import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shardr.local.docker.daemon import APIClient
    from shardr.local.runners.base import Instance

LOG_SECONDS = 10
"""How long the last lines of an ended container may take to arrive."""


class Container:
    """A container of an instance, running from the start."""

    def __init__(
        self,
        client: APIClient,
        instance: Instance,
        settings: dict[str, Any],
        about: About,
        ready: Callable[[str], None],
    ) -> None:
        """Makes and starts it; raises ``RunnerError``, with nothing left behind, when the daemon cannot.

        ``ready`` is called with its id in between.
        """
        self._client, self._instance, self._about = client, instance, about
        self.remark: str | None = None
        self.gone = False
        try:
            with in_our_words(f"{instance.host} could not be made a container"):
                self._id: str = client.create_container(**settings)["Id"]
        except RunnerError as error:
            raise about.of_start(instance, error) from error
        try:
            ready(self._id)
            with in_our_words(f"{instance.host} could not be started"):
                # no later: what a short script prints would be over before
                printed = client.attach(self._id, stdout=True, stderr=True, stream=True)
                self._log = threading.Thread(target=self._write, args=(printed,), daemon=True)
                self._log.start()
                client.start(self._id)
        except RunnerError as error:
            self.remove()
            raise about.of_start(instance, error) from error

    def _write(self, printed: Iterable[bytes]) -> None:
        with self._instance.log.open("ab", buffering=0) as log, suppress(Exception):  # wait() tells of a lost daemon
            for chunk in printed:
                with suppress(OSError):  # on a full disk the log ends; the script need not
                    log.write(chunk)

    def wait(self) -> int:
        """Blocks until the container has ended and its log is written; removes it. Raises ``RunnerError``."""
        with in_our_words(f"{self._instance.host} was lost"):
            code: int = self._client.wait(self._id)["StatusCode"]
            self._log.join(LOG_SECONDS)
            self.remark = self._about.of_end(code, self._client.inspect_container(self._id)["State"])
            self.remove()
        return code

    def address(self) -> str:
        """Its address on the network that it is on; raises ``RunnerError`` when it has ended."""
        with in_our_words(f"{self._instance.host} cannot be looked at"):
            networks = self._client.inspect_container(self._id)["NetworkSettings"]["Networks"]
        found: list[str] = [about["IPAddress"] for about in networks.values() if about["IPAddress"]]
        if not found:
            raise RunnerError(f"{self._instance.host} has no address: it has ended")
        return found[0]

    def terminate(self) -> None:
        """SIGTERM to the script; when nothing in the container heeds it, its end.

        Process 1 of a container, unlike others, does not end of a signal that it has made no provision for.
        """
        self._signal("SIGTERM")
        if self._deaf():
            self._signal("SIGKILL")

    def kill(self) -> None:
        """SIGKILL to process 1, with which all inside end."""
        self._signal("SIGKILL")

    def _signal(self, name: str) -> None:
        with suppress(RunnerError), in_our_words("it has ended by itself"):
            self._client.kill(self._id, name)

    def _deaf(self) -> bool:
        """Whether process 1 neither catches nor ignores SIGTERM; False when nobody can tell."""
        bit = 1 << (signal.SIGTERM - 1)
        try:
            with in_our_words("the processes cannot be seen"):
                masks = _masks(self._client.inspect_container(self._id)["State"]["Pid"])
                if masks is None:  # the daemon lives in a machine of its own
                    found = self._client.top(self._id, ps_args="-o pid,caught,ignored")["Processes"] or []
                    masks = min(found, key=lambda process: int(process[0]))[1:3]
            return not any(int(mask, 16) & bit for mask in masks)
        except (RunnerError, ValueError, LookupError):
            return False

    def remove(self) -> None:
        """Removes the container with its own volumes; raises ``RunnerError`` when the daemon cannot."""
        if not self.gone:
            with in_our_words(f"the container of {self._instance.host} could not be removed"):
                self._client.remove_container(self._id, force=True, v=True)
            self.gone = True


def _masks(pid: int) -> list[str] | None:
    """The signals that a container's process 1 catches and those it ignores; None when this machine cannot see it."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    about = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return [about["SigCgt"], about["SigIgn"]] if about.get("NSpid", "").split()[-1:] == ["1"] else None


class About:
    """What is known beforehand and explains an end: the image, its architecture, and the limits."""

    def __init__(self, image: str, own: Sequence[str], architectures: tuple[str, str], memory: str) -> None:
        """``own`` is the image's own entrypoint."""
        self._image, self._own, self._architectures, self._memory = image, own, architectures, memory

    def of_end(self, code: int, state: dict[str, Any]) -> str:
        """What to say beside the exit code; empty when the code says it all."""
        if code and state.get("OOMKilled"):
            return f"out of memory: {self._memory}"
        return self._foreign if code else ""

    def of_start(self, instance: Instance, error: RunnerError) -> RunnerError:
        """The daemon's refusal in the words of who wrote the spec."""
        why = error.why or ""
        program = next(iter(instance.entrypoint or self._own or instance.arguments or []), "its entrypoint")
        if "exec format error" in why and self._foreign:
            fix = f"build it for this one: docker build --platform linux/{self._architectures[1]}"
            return RunnerError(f"{instance.host}: {self._foreign}", why=f"image {self._image}", fix=fix)
        if program in why and ("executable file" in why or "no such file or directory" in why.lower()):
            fix = "take an image that has it, or name another program in the step's command"
            return RunnerError(f'{instance.host}: the program "{program}" is not in the image {self._image}', fix=fix)
        if "no command specified" in why.lower():
            fix = "name a program in the step's command"
            return RunnerError(f"{instance.host}: the image {self._image} runs nothing by itself", fix=fix)
        if "unable to find user" in why or "unable to find group" in why:
            fix = "name one that it has in its Dockerfile's USER, or a number"
            return RunnerError(f"{instance.host}: the image {self._image} lacks its own user", why=why, fix=fix)
        if program in why and "permission denied" in why:
            fix = "make it executable in the image, or name its interpreter in the step's command"
            return RunnerError(f'{instance.host}: "{program}" of the image {self._image} may not be run', fix=fix)
        return error

    @property
    def _foreign(self) -> str:
        theirs, ours = self._architectures
        return "" if theirs == ours else f"the image is for {theirs}, and this machine is {ours}"
