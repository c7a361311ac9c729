"""Objects of Amazon S3 by URI: listed, put and fetched; many at once, in parts, and never half.

An object that is there already is told by its size and by the SHA-256 of its bytes, which uploads leave in its metadata
(``shardr-sha256``): S3's own checksum of an object sent in parts depends on how large the parts were, and not all that
speaks S3 keeps one. On the way up each part carries a CRC that S3 compares, and what comes down whole one that is
compared here (botocore's doing). A range of an object has none: it must be as long as it was asked for, and of the same
object, by its ETag.
"""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

from shardr.storage.digests import digest_of
from shardr.storage.objects import Found, Remote, named_in
from shardr.storage.quick import Quick
from shardr.storage.ranges import Ranges, changed
from shardr.storage.refused import code_of
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Progress = Callable[[int], None]

THREADS = 8
PART_BYTES = 16 << 20
"""Files above this size go in parts; at most ``THREADS`` parts are under way, each read from the disk as it is sent."""
SPAN_BYTES = 64 << 20
"""The longest range that is fetched at once: asking costs a server more than sending."""
DIGEST = "shardr-sha256"
GONE = frozenset({"404", "NoSuchKey", "NotFound"})


class S3Storage:
    """Lists, puts and fetches objects through a client of boto3's; what S3 refuses comes as botocore's errors.

    With the session that the client is of, small objects are fetched the quick way.
    """

    def __init__(self, client: Any, owner: str | None = None, session: Any = None) -> None:
        # rclone gives the CRC of the whole object with a range of it
        client.meta.events.register_last("before-parameter-build", _unchecked, unique_id=DIGEST)
        self._client = client
        self._session = session
        self._owner = {"ExpectedBucketOwner": owner} if owner else {}

    def found(self, prefix: str) -> Iterator[Found]:
        """All objects whose URI starts with ``prefix``, in bytewise order; names that end with ``/`` are no files."""
        bucket, key = split_uri(prefix)
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):
                    yield Found(f"s3://{bucket}/{item['Key']}", item["Size"], item["ETag"].strip('"'))

    def list(self, prefix: str) -> Remote:
        """The same as keys below the prefix's last ``/``, as the service lays them out in an instance."""
        base = prefix[: prefix.rfind("/") + 1]
        start = prefix.removeprefix(base)
        found = list(self.found(prefix))
        keys = [item.uri.removeprefix(base) for item in found]
        sizes, etags = [item.size for item in found], [item.etag for item in found]
        return Remote(base, keys, sizes, etags=etags, folder=f"{start}/" if start else "")

    def manifest(self, uri: str) -> Remote:
        """The objects that a manifest names; raises ``DataError`` when it is missing or not of that form."""
        prefix, keys = named_in(self.get(uri), uri)
        return self.named(prefix, keys)

    def named(self, prefix: str, keys: Sequence[str]) -> Remote:
        """The objects of these keys; the service joins prefix and key as text."""
        base = prefix[: prefix.rfind("/") + 1]
        names = sorted((prefix.removeprefix(base) + key for key in keys), key=str.encode)
        with ThreadPoolExecutor(THREADS) as pool:
            heads = list(pool.map(lambda name: self.look(base + name), names))
        missing = next((name for name, head in zip(names, heads, strict=True) if head is None), None)
        there = [head or Found("", 0, "") for head in heads]
        return Remote(base, names, [head.size for head in there], missing, etags=[head.etag for head in there])

    def look(self, uri: str) -> Found | None:
        """The object at a URI; None when there is none, or none that may be read."""
        head = self._head(uri)
        return None if head is None else Found(uri, head["ContentLength"], head.get("ETag", "").strip('"'))

    def get(self, uri: str) -> bytes:
        """The bytes of a small object."""
        bucket, key = split_uri(uri)
        with closing(self._client.get_object(Bucket=bucket, Key=key)["Body"]) as body:
            return bytes(body.read())

    def put(self, uri: str, content: bytes) -> bool:
        """Puts a small object; False when the very same is there already."""
        digest = hashlib.sha256(content).hexdigest()
        if self._same(uri, len(content), digest):
            return False
        bucket, key = split_uri(uri)
        self._client.put_object(Bucket=bucket, Key=key, Body=content, Metadata={DIGEST: digest}, **self._owner)
        return True

    def upload(self, files: Iterable[tuple[Path, str]], progress: Progress | None = None) -> int:
        """Puts files at their URIs, large ones in parts; gives how many were not there already.

        An object appears when all its parts are there, and parts of an upload that fails are removed. A file that
        changes meanwhile raises ``DataError``.
        """
        from boto3.s3.transfer import TransferConfig, create_transfer_manager
        from s3transfer.subscribers import BaseSubscriber

        class Told(BaseSubscriber):  # type: ignore[misc]
            def on_progress(self, bytes_transferred: int, **_: Any) -> None:
                if progress:
                    progress(bytes_transferred)

        config = TransferConfig(
            multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=THREADS, use_threads=True
        )
        sent = 0
        with create_transfer_manager(self._client, config) as manager, ThreadPoolExecutor(THREADS) as pool:
            under_way = []
            for path, uri, digest, before in pool.map(self._wanted, files):
                if digest is None:
                    if progress:
                        progress(before.st_size)
                    continue
                bucket, key = split_uri(uri)
                extra = {"Metadata": {DIGEST: digest}, **self._owner}
                under_way.append((path, before, manager.upload(os.fspath(path), bucket, key, extra, [Told()])))
                sent += 1
            for path, before, future in under_way:
                future.result()
                _check_unchanged(path, before)
        return sent

    def fetch(self, wanted: Sequence[tuple[Found, Path]], progress: Progress | None = None) -> None:
        """Writes objects to files that are there whole or not at all; large ones by several ranges at once.

        An object that changes meanwhile raises ``DataError``.
        """
        opened: list[_Target] = []
        ranges = self.ranges()
        try:
            with ThreadPoolExecutor(2 * THREADS if ranges.quick else THREADS) as pool:
                waiting = []
                for found, path in wanted:
                    target = _Target(found, path)
                    opened.append(target)
                    span = min(max(found.size // THREADS, PART_BYTES), SPAN_BYTES)
                    starts = range(0, max(found.size, 1), span)
                    target.parts_left = len(starts)
                    waiting += [pool.submit(ranges.into, target, start, start + span, progress) for start in starts]
                try:
                    for part in waiting:
                        part.result()
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            for target in opened:
                target.discard()

    def ranges(self) -> Ranges:
        """What gets ranges of objects."""
        return Ranges(self._client, None if self._session is None else Quick(self._client, self._session))

    def _wanted(self, item: tuple[Path, str]) -> tuple[Path, str, str | None, os.stat_result]:
        """What an upload needs to know of a file; no digest when the same bytes are there already."""
        path, uri = item
        before = path.stat()
        found = digest_of(path)
        return path, uri, None if self._same(uri, before.st_size, found) else found, before

    def _same(self, uri: str, size: int, digest: str) -> bool:
        head = self._head(uri)
        if head is None or head["ContentLength"] != size:
            return False
        # names of headers have no case, and not all that speaks S3 gives them back in Amazon's
        return {name.lower(): value for name, value in head["Metadata"].items()}.get(DIGEST) == digest

    def _head(self, uri: str) -> dict[str, Any] | None:
        bucket, key = split_uri(uri)
        try:
            found: dict[str, Any] = self._client.head_object(Bucket=bucket, Key=key)
        except self._client.exceptions.ClientError as error:
            # without the right to list, S3 says 403 for what is not there: then it is uploaded, or that is refused
            if code_of(error) in GONE | {"403"}:
                return None
            raise
        return found


class _Target:
    """A file that is being fetched, hidden behind a dot until all its parts are there."""

    def __init__(self, found: Found, path: Path) -> None:
        self.found, self.parts_left = found, 1
        self._path, self._hidden = path, path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        self._lock = threading.Lock()
        self._file: int | None = None

    def write(self, block: memoryview, at: int) -> None:
        """Writes a block at its place."""
        file = self._open()
        while block:
            written = os.pwrite(file, block, at)
            block, at = block[written:], at + written

    def part_done(self) -> None:
        """Counts a part as there; with the last one the file appears."""
        with self._lock:
            self.parts_left -= 1
            last = self.parts_left == 0
        if last:
            os.close(self._open())
            self._file = None
            self._hidden.replace(self._path)

    def discard(self) -> None:
        """Removes what is not whole."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
                self._hidden.unlink(missing_ok=True)

    def _open(self) -> int:
        """The file, made when its first bytes come: a thousand files are not open at once."""
        with self._lock:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self._hidden, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
            return self._file


def _check_unchanged(path: Path, before: os.stat_result) -> None:
    now = path.stat()
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise changed(path, "uploaded")


def _unchecked(params: dict[str, Any], model: Any, **_: Any) -> None:
    if model.name == "GetObject" and "Range" in params:
        params.pop("ChecksumMode", None)
