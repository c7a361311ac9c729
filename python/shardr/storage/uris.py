"""``s3://bucket/key`` taken apart and put together."""

from __future__ import annotations

from shardr.errors import DataError

SCHEME = "s3://"


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI; the key may be empty.

    >>> split_uri("s3://data/raw/a.csv")
    ('data', 'raw/a.csv')
    """
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or not bucket or any(part in {".", ".."} for part in [bucket, *key.split("/")]):
        raise DataError(f'found "{uri}", expected s3://bucket/key without "." and ".." in it')
    return bucket, key
