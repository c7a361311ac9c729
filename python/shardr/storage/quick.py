"""Small objects by obstore, where it is installed: each costs boto3 more time of a core than of the network.

It keeps no CRC, so bytes count only when their MD5 is the object's ETag. S3 has other ETags too (of what it encrypts by
KMS, or got in parts): those objects, and all that fails here, are for boto3, which also knows what to say of it.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Callable

MD5 = re.compile(r"[0-9a-f]{32}")
MOST_BYTES = 4 << 20
"""Of an object, which is held in memory until its MD5 is known."""


class Quick:
    """What a client of boto3's may get, by its address and the credentials of its session."""

    def __init__(self, client: Any, session: Any) -> None:
        self._client, self._session = client, session
        config = client.meta.config
        own_ca = client.meta.endpoint_url.startswith("https:") and "AWS_CA_BUNDLE" in os.environ
        odd = config.proxies or config.use_fips_endpoint or config.use_dualstack_endpoint or own_ca  # not heeded there
        self.works = not odd and find_spec("obstore") is not None
        self._store: Callable[[str], Any] = cache(self._open)

    def get(self, uri: str, size: int, etag: str) -> bytes | None:
        """The bytes of a small object; None for those that boto3 must be asked for."""
        if not self.works or size > MOST_BYTES or not MD5.fullmatch(etag):
            return None
        import obstore

        bucket, key = split_uri(uri)
        try:
            content = bytes(obstore.get(self._store(bucket), key).bytes())
        except Exception:  # noqa: BLE001 - also what is no error of obstore's: a session without credentials
            content = b""
        if hashlib.md5(content, usedforsecurity=False).hexdigest() == etag:
            return content
        self.works = False  # not tried again for each of a thousand
        return None

    def _open(self, bucket: str) -> Any:
        from obstore.auth.boto3 import Boto3CredentialProvider
        from obstore.store import S3Store

        url, seconds = self._client.meta.endpoint_url, self._client.meta.config.read_timeout
        return S3Store(
            bucket,
            endpoint=url,
            region=self._client.meta.region_name,
            virtual_hosted_style_request=False,
            credential_provider=Boto3CredentialProvider(self._session),
            client_options={"allow_http": url.startswith("http:"), "timeout": f"{int(1000 * seconds)}ms"},
            retry_config={"max_retries": 0},
        )
