"""What ``s3://`` means where a job's data comes from: this machine's store, and behind it the S3 of the AWS settings.

A prefix is taken whole from one of the two. What the store has below it, be it an empty folder that a job has left, is
all there is; a prefix that it knows nothing of is looked for at S3. So a spec that reads from a bucket and writes to
it reads the same the next time, though its outputs lie in the store by then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.storage.local import BUCKET, Listing
from shardr.storage.objects import Remote, named_in
from shardr.storage.refused import code_of, in_our_words
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shardr.storage.elsewhere import Elsewhere
    from shardr.storage.local import LocalStorage
    from shardr.storage.s3 import S3Storage

LISTING = "the role or user that is signed in needs s3:ListBucket there"
READING = "the role or user that is signed in needs s3:GetObject there"
NO_BUCKET = frozenset({"NoSuchBucket", "404"})


class Sources:
    """Finds objects by URI, wherever they lie."""

    def __init__(self, local: LocalStorage, elsewhere: Elsewhere, own: Callable[[str], bool] = lambda _: False) -> None:
        """``own`` tells which buckets are this machine's alone."""
        self._local, self._elsewhere, self._own = local, elsewhere, own

    def list(self, prefix: str) -> Listing | Remote:
        """All objects whose URI starts with ``prefix``; raises ``AwsError`` when S3 does not say."""
        here = self._local.list(prefix)
        if here.keys or self._only_here(prefix):
            return here
        storage = self._elsewhere.storage
        if storage is None:
            return replace(here, lacking=self._elsewhere.lacking)
        with in_our_words(f"{prefix} is not on this machine, and S3 does not list it", denied=LISTING):
            try:
                return storage.list(prefix)
            except Exception as error:
                if code_of(error) not in NO_BUCKET:
                    raise
                return Remote(prefix, lacking=f"the S3 of the AWS settings has no bucket {split_uri(prefix)[0]}")

    def manifest(self, uri: str) -> Listing | Remote:
        """The objects that a manifest names; raises ``DataError`` when it is missing or not of that form."""
        return self.named(*named_in(self.read(uri), uri))

    def named(self, prefix: str, keys: Sequence[str]) -> Listing | Remote:
        """The objects of these keys; the service joins prefix and key as text: a prefix need not end at a folder."""
        here = self._local.named(prefix, keys)
        if self._only_here(prefix) or any(path.exists() for path in here.paths()):
            return here
        storage = self._elsewhere.storage
        if storage is None:
            return replace(here, lacking=self._elsewhere.lacking)
        with in_our_words(f"{prefix} is not on this machine, and S3 does not say what it has there", denied=READING):
            return storage.named(prefix, keys)

    def read(self, uri: str) -> bytes:
        """The bytes of a small object, such as a manifest; raises ``DataError`` when there is none."""
        storage = None if self._only_here(uri) or self._local.path(uri).is_file() else self._elsewhere.storage
        if storage is None:
            try:
                return self._local.read(uri)
            except DataError as error:
                lacking = None if self._only_here(uri) else self._elsewhere.lacking
                raise DataError(error.what, why=error.why, fix=lacking or error.fix) from error
        with in_our_words(f"{uri}: is not a readable manifest", DataError, denied=READING):
            return storage.get(uri)

    def path(self, uri: str) -> Path:
        """The file behind a URI, where it lies on this machine, whether or not it exists."""
        return self._local.path(uri)

    def asks(self, uri: str) -> bool:
        """Whether S3 is to be asked for an object: this machine does not have it, and S3 can be."""
        return not self._only_here(uri) and not self._local.path(uri).is_file() and self._elsewhere.storage is not None

    @property
    def remote(self) -> S3Storage:
        """What fetches objects that were found at S3."""
        storage = self._elsewhere.storage
        assert storage is not None  # noqa: S101 - for the type checker: it has found them
        return storage

    @property
    def lacking(self) -> str | None:
        """What would let S3 be asked."""
        return self._elsewhere.lacking

    def _only_here(self, uri: str) -> bool:
        """Whether the store answers for a URI, whatever it has there."""
        bucket, _ = split_uri(uri)
        return bucket == BUCKET or self._own(bucket) or self._local.path(uri).is_dir()
