"""The processes behind the front: one that forks the workers, and the workers.

Each worker loads the model itself: one that is loaded before the fork hangs where its library keeps threads, as that of
XGBoost does. The one that forks is a single thread and has no model, so that a worker can be replaced at any time.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import time
import traceback
from typing import TYPE_CHECKING

from shardr.errors import ShardrError
from shardr.runtime.serving import settings
from shardr.runtime.serving.refusals import TEXT, Answer, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedRWPair

    Answering = Callable[[bytes, str, str], Answer]
    """From body, content type and accept to an answer."""

HELLO = struct.Struct("!I")
SIZES = struct.Struct("!HIQ")
"""Of a request: its content type, accept and body. Of an answer: status, content type and body."""
TRIES = 3
"""Workers that end one after the other before they could answer: another one would fare no better."""
NOT_LOADED = 3
"""Status of a worker whose model could not be loaded: another one would fare no better."""


def keep_workers(load: Callable[[], Answering], line: socket.socket, count: int) -> int:
    """Forks the workers and puts another in the place of one that ends; the exit status."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the front decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    able = dict(_forked(load, line) for _ in range(count))
    failed = 0
    while os.getppid() == parent:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            time.sleep(0.05)
            continue
        failed = 0 if _was_able(able.pop(pid)) else failed + 1
        if failed >= TRIES or os.waitstatus_to_exitcode(status) == NOT_LOADED:
            break
        print(f"worker {pid} has ended: another takes its place", file=sys.stderr, flush=True)
        new, told = _forked(load, line)
        able[new] = told
    for pid in able:
        os.kill(pid, signal.SIGTERM)
    return 1


def _was_able(told: int) -> bool:
    """Whether a worker that has ended had loaded its model."""
    with os.fdopen(told, "rb", buffering=0) as stream:
        return bool(stream.read(1))


def _forked(load: Callable[[], Answering], line: socket.socket) -> tuple[int, int]:
    """A new worker, and where it says that it is able to answer."""
    told, tell = os.pipe()
    os.set_blocking(told, False)  # processes that the model's code starts may keep the other end
    pid = os.fork()
    if pid == 0:
        status = NOT_LOADED
        try:
            answering = load()
            os.write(tell, b"+")
            os.close(tell)
            status = 1
            work(answering, line)
            status = 0
        except ShardrError as error:
            print(error, file=sys.stderr)
        except Exception:  # noqa: BLE001 - a user's code; the log has to show where it failed
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(tell)
    return pid, told


def work(answering: Answering, line: socket.socket) -> None:
    """Answers one request after the other, until the front is gone or this process has grown too large."""
    begun, limit = settings.resident_mb(), settings.growth_limit_mb()
    end, other = socket.socketpair()
    socket.send_fds(line, [HELLO.pack(os.getpid())], [other.fileno()])
    other.close()
    with end, end.makefile("rwb") as stream:
        while sizes := stream.read(SIZES.size):
            content_type, accept, body = (stream.read(size) for size in SIZES.unpack(sizes))
            answer = _answered(answering, body, content_type.decode("latin-1"), accept.decode("latin-1"))
            kind = answer.content_type.encode("latin-1", "replace")
            stream.write(SIZES.pack(answer.status, len(kind), len(answer.body)) + kind + answer.body)
            stream.flush()
            if settings.resident_mb() - begun > limit:
                print(f"worker {os.getpid()} has grown by more than {limit:.0f} MB", file=sys.stderr, flush=True)
                return


def _answered(answering: Answering, body: bytes, content_type: str, accept: str) -> Answer:
    try:
        return answering(body, content_type, accept)
    except RequestError as refused:
        return refused.answer
    except Exception as error:  # noqa: BLE001 - the caller wants an answer, and the worker goes on
        traceback.print_exc()
        return Answer(500, TEXT, f"the model's code failed: {type(error).__name__}: {error}\n".encode())


def send_request(stream: BufferedRWPair, body: bytes, content_type: str, accept: str) -> None:
    """The front's side: asks a worker."""
    texts = [text.encode("latin-1", "replace") for text in (content_type, accept)]
    stream.write(SIZES.pack(len(texts[0]), len(texts[1]), len(body)) + texts[0] + texts[1])
    stream.write(body)
    stream.flush()


def receive_answer(stream: BufferedRWPair) -> Answer:
    """The front's side: raises ``EOFError`` where the worker is gone."""
    sizes = stream.read(SIZES.size)
    if len(sizes) < SIZES.size:
        raise EOFError
    status, kind, length = SIZES.unpack(sizes)
    content_type, body = stream.read(kind), stream.read(length)
    if len(body) < length:
        raise EOFError
    return Answer(status, content_type.decode("latin-1"), body)
