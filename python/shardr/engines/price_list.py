"""What instances cost, asked of AWS: its Price List API, of which SageMaker is one service among many."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shardr.engines.aws import Aws
from shardr.errors import AwsError
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME_REGION = "us-east-1"
"""Where the API is asked, whichever region's prices are wanted: it is in few."""
USAGE = re.compile(r"(?:^|-)(Processing|Train|Host):(ml\.[a-z0-9-]+\.[a-z0-9]+)$")
"""``USE1-Train:ml.m5.large``; warm pools and notebooks are spelled otherwise."""
KINDS = {"Processing": "processing", "Train": "training", "Host": "hosting"}

Prices = dict[str, dict[str, float]]


def price_list(region: str, session: Any = None) -> Prices:
    """USD per hour on demand of each instance type in a region, for ``processing``, ``training`` and ``hosting``.

    Raises ``AwsError`` when AWS cannot be asked, or lists nothing for the region.
    """
    client = Aws(session, region=HOME_REGION).client("pricing")
    found: Prices = {kind: {} for kind in KINDS.values()}
    with in_our_words("the prices of AWS cannot be read", denied="your role needs the permission pricing:GetProducts"):
        pages = client.get_paginator("get_products").paginate(
            ServiceCode="AmazonSageMaker",
            FormatVersion="aws_v1",
            Filters=[
                {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
                {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "ML Instance"},
            ],
        )
        for page in pages:
            for text in page["PriceList"]:
                for kind, instance_type, usd in _on_demand(json.loads(text)):
                    found[kind][instance_type] = usd
    if not any(found.values()):
        raise AwsError(
            f"AWS lists no price of processing or training instances in {region}",
            fix="check the region's spelling, for example eu-west-1",
        )
    return found


def _on_demand(product: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Kind, type and USD per hour of a product of the price list; nothing for what is no instance of ours."""
    usage = USAGE.search(product.get("product", {}).get("attributes", {}).get("usagetype", ""))
    if usage is None:
        return
    for offer in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in offer["priceDimensions"].values():
            usd = float(dimension["pricePerUnit"].get("USD", 0))
            if dimension["unit"].lower() in {"hrs", "hours", "hour"} and usd > 0:
                yield KINDS[usage[1]], usage[2], usd
