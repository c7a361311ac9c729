"""Bytes of objects of S3: asked for by ranges, held to the object that was found, and asked for again when cut.

A range has no checksum of its own: it must be as long as it was asked for, and of the same object, by its ETag.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

from shardr.errors import DataError
from shardr.storage.refused import code_of
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.storage.objects import Found
    from shardr.storage.quick import Quick

    Progress = Callable[[int], None]

BLOCK_BYTES = 1 << 18
TRIES = 5
"""How often a range is asked for again whose connection was lost in its midst."""


class Target(Protocol):
    """What takes the bytes of an object."""

    @property
    def found(self) -> Found:
        """The object."""

    def write(self, block: memoryview, at: int) -> None:
        """Takes a block that lies at this byte of the object."""

    def part_done(self) -> None:
        """Hears that all bytes of a range have come."""


class Ranges:
    """Gets ranges of objects by a client of boto3's, small objects whole by the quick way where there is one."""

    def __init__(self, client: Any, quick: Quick | None = None) -> None:
        self._client, self._quick = client, quick

    @property
    def quick(self) -> bool:
        """Whether small objects come the quick way."""
        return self._quick is not None and self._quick.works

    def into(self, target: Target, start: int, end: int, progress: Progress | None = None) -> None:
        """Writes one range of an object; a connection that is lost in its midst is made anew for what is missing.

        Raises ``DataError`` when the object is another one by now, and botocore's errors.
        """
        found, end = target.found, min(end, target.found.size)
        begin, tries = start, 0
        whole = (start, end) == (0, found.size)
        if self._quick and whole and (content := self._quick.get(found.uri, found.size, found.etag)) is not None:
            target.write(memoryview(content), 0)
            if progress:
                progress(len(content))
            target.part_done()
            return
        block = memoryview(bytearray(BLOCK_BYTES))
        while start < end or found.size == 0:
            answer = None
            try:
                answer = self._asked(found, start, end)
                with closing(answer["Body"]) as body:
                    while count := body.readinto(block):
                        target.write(block[:count], start)
                        start += count
                        if progress:
                            progress(count)
                break
            except Exception as error:
                tries += 1
                if tries > TRIES or not _lost(error, answered=answer is not None):
                    raise
                if "Checksum" in type(error).__name__:  # all bytes came, and not the right ones
                    start = begin
        target.part_done()

    def _asked(self, found: Found, start: int, end: int) -> dict[str, Any]:
        """The answer to a request for these bytes of an object, which must be of the object that was found."""
        bucket, key = split_uri(found.uri)
        same = {"IfMatch": found.etag} if found.etag else {}  # not all that speaks S3 has ETags
        ranged = {"Range": f"bytes={start}-{end - 1}"} if (start, end) != (0, found.size) else {}
        try:
            answer: dict[str, Any] = self._client.get_object(Bucket=bucket, Key=key, **same, **ranged)
        except self._client.exceptions.ClientError as error:
            if code_of(error) in {"PreconditionFailed", "InvalidRange"}:
                raise changed(found.uri, "fetched") from error
            raise
        # nor do all heed IfMatch
        etag, size = answer.get("ETag", "").strip('"'), answer.get("ContentRange", str(found.size)).rpartition("/")[2]
        if (etag and found.etag and etag != found.etag) or size != str(found.size):
            answer["Body"].close()
            raise changed(found.uri, "fetched")
        if answer["ContentLength"] != end - start:
            answer["Body"].close()
            raise DataError(
                f"{found.uri} cannot be fetched",
                why=f"of the bytes {start} to {end}, {answer['ContentLength']} came",
                fix="take an S3 that answers ranges; AWS_ENDPOINT_URL names the one that is asked",
            )
        return answer


def _lost(error: Exception, *, answered: bool) -> bool:
    """Whether a connection was lost in the midst of an answer, or none can be made, as while a server starts again.

    A server that is silent when it is asked is not asked again here: botocore has done that, which has taken its time.
    """
    kind = type(error)
    return kind.__module__ == "botocore.exceptions" and (answered or kind.__name__ == "EndpointConnectionError")


def changed(what: object, done: str) -> DataError:
    """The error of what became something else while it was being worked on."""
    return DataError(f"{what} changed while it was {done}", fix="try again when nobody writes to it")
