"""Outputs in S3 as files of this machine: fetched once, by what S3 says their content is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.storage.refused import in_our_words
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shardr.storage.objects import Found
    from shardr.storage.s3 import S3Storage


class Outputs:
    """Objects below ``root``, each in a folder that is named after its ETag and size: another content, another file."""

    def __init__(self, storage: S3Storage, root: Path) -> None:
        self._storage, self._root = storage, root
        self._found: dict[str, Found] = {}

    def files(self, prefix: str) -> list[str]:
        """The URIs of all objects below a prefix, in order."""
        with in_our_words(f"{prefix} cannot be listed", denied="your role needs s3:ListBucket there"):
            found = list(self._storage.found(prefix))
        self._found |= {item.uri: item for item in found}
        return [item.uri for item in found]

    def fetch(self, uris: Sequence[str]) -> list[Path]:
        """The files of objects; those that are not here yet are fetched together."""
        for uri in uris:
            if uri not in self._found:
                self.files(uri[: uri.rfind("/") + 1])
        wanted = [(self._found[uri], self._path(self._found[uri])) for uri in uris]
        self._storage.fetch([(found, path) for found, path in wanted if not path.exists()])
        return [path for _, path in wanted]

    def _path(self, found: Found) -> Path:
        bucket, key = split_uri(found.uri)
        folder, _, name = key.rpartition("/")
        return self._root / bucket / folder / f"{found.etag}-{found.size}" / name
