"""The bucket for code, data and outputs: there and yours, or made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import AwsError
from shardr.storage.refused import DENIED, code_of, in_our_words

if TYPE_CHECKING:
    from shardr.engines.sagemaker.place import Place

BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
NO_BLOCK = frozenset({"BucketAlreadyExists", "MethodNotAllowed", "NotImplemented"})
"""What answers that speaks S3 and is not Amazon's; there, new buckets are blocked anyway, since April 2023."""
THERE = frozenset({"BucketAlreadyOwnedByYou", "OperationAborted"})


def ensure_bucket(client: Any, place: Place) -> None:
    """Looks that the bucket is there, and makes the default one when it is not; raises ``AwsError``.

    The default bucket's name can be guessed, so it must be this account's: somebody else may have made it.
    """
    owner = {"ExpectedBucketOwner": place.account} if place.own_bucket else {}
    denied = "your role needs s3:ListBucket on the bucket"
    if place.own_bucket:
        denied += "; or the bucket is another account's: name your own (bucket=, SHARDR_BUCKET)"
    with in_our_words(f"the bucket {place.bucket} cannot be used", denied=denied):
        try:
            client.head_bucket(Bucket=place.bucket, **owner)
        except Exception as error:
            if code_of(error) not in {"404", "NoSuchBucket"}:
                raise
        else:
            return
    if not place.own_bucket:
        raise AwsError(
            f"there is no bucket {place.bucket}", fix="make it, or leave bucket= and SHARDR_BUCKET out for the default"
        )
    with in_our_words(f"the bucket {place.bucket} cannot be made", denied="your role needs s3:CreateBucket"):
        _make(client, place)


def _make(client: Any, place: Place) -> None:
    where = {} if place.region == "us-east-1" else {"LocationConstraint": place.region}
    try:
        client.create_bucket(Bucket=place.bucket, **({"CreateBucketConfiguration": where} if where else {}))
    except Exception as error:
        if code_of(error) not in THERE:  # another process was faster
            raise
    try:
        client.put_public_access_block(Bucket=place.bucket, PublicAccessBlockConfiguration=dict.fromkeys(BLOCKED, True))
    except Exception as error:
        if code_of(error) not in DENIED | NO_BLOCK:
            raise
