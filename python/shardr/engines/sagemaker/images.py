"""shardr's own images as ECR names them, and whether they were pushed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.errors import ImageError
from shardr.local.docker.images import IMAGES, OURS
from shardr.storage.refused import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardr.engines.aws import Aws
    from shardr.engines.sagemaker.place import Place

ABSENT = frozenset({"RepositoryNotFoundException", "ImageNotFoundException"})


def uri(image: str, place: Place) -> str:
    """The address of an image of shardr's in the account's ECR; any other name is an address already."""
    if image not in IMAGES:
        return image
    ending = ".cn" if place.region.startswith("cn-") else ""
    return f"{place.account}.dkr.ecr.{place.region}.amazonaws.com{ending}/{OURS}{image}:latest"


def check_there(images: Iterable[str], aws: Aws, place: Place) -> None:
    """Raises ``ImageError`` when an image of shardr's was not pushed; whoever may not ask is not told."""
    own = {uri(image, place): image for image in IMAGES}
    for named in dict.fromkeys(images):
        if named not in own:
            continue
        try:
            aws.client("ecr").describe_images(
                repositoryName=OURS + own[named], imageIds=[{"imageTag": named.rpartition(":")[2]}]
            )
        except Exception as error:  # only absence is told: a job that cannot pull says so itself
            if code_of(error) in ABSENT:
                raise ImageError(
                    f"the image {own[named]} is not in ECR of {place.region}",
                    why=f"SageMaker would pull {named}",
                    fix=f"`shardr images push {own[named]} --ecr`",
                ) from error
