"""Prices: the newest counts, the old are known as old, and AWS is asked by its own protocol."""

from __future__ import annotations

import datetime as dt
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import shardr
from shardr.api.advice.prices import PriceTable, price_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TODAY = dt.date(2026, 11, 26)


def entry(day: str | None, usd: float, **changed: Any) -> dict[str, Any]:
    return {
        "region": "eu-west-1", "kinds": ["processing"], "date": day, "source": "a bill", "prices": {"ml.m5.large": usd},
        **changed,
    }  # fmt: skip


def product(usage: str, usd: str, unit: str = "Hrs") -> str:
    """An item of ``PriceList`` as the API's reference has it."""
    return json.dumps({
        "product": {
            "productFamily": "ML Instance", "sku": "JMCWJEAPVJNFJ5P4",
            "attributes": {"usagetype": usage, "regionCode": "eu-west-1", "servicecode": "AmazonSageMaker"},
        },
        "serviceCode": "AmazonSageMaker",
        "terms": {"OnDemand": {"JMCWJEAPVJNFJ5P4.JRTCKXETXF": {
            "priceDimensions": {"JMCWJEAPVJNFJ5P4.JRTCKXETXF.6YS6EN2CT7": {
                "unit": unit, "beginRange": "0", "endRange": "Inf", "description": "", "appliesTo": [],
                "rateCode": "JMCWJEAPVJNFJ5P4.JRTCKXETXF.6YS6EN2CT7", "pricePerUnit": {"USD": usd},
            }},
            "sku": "JMCWJEAPVJNFJ5P4", "effectiveDate": "2026-11-01T00:00:00Z", "offerTermCode": "JRTCKXETXF",
            "termAttributes": {},
        }}},
        "version": "20261120000000", "publicationDate": "2026-11-20T00:00:00Z",
    })  # fmt: skip


@contextmanager
def price_list_of(pages: list[list[str]], status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers GetProducts page by page, and what it was asked: it stands in for AWS."""
    asked: list[dict[str, Any]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(request)
            page = int(request.get("NextToken", 0))
            found: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": pages[page]}
            if page + 1 < len(pages):
                found["NextToken"] = str(page + 1)
            if status != 200:
                found = {"__type": "AccessDeniedException", "message": "no"}
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of tests")
    monkeypatch.delenv("AWS_REGION", raising=False)
    return monkeypatch


def test_the_newest_price_counts_and_one_without_a_date_only_where_there_is_no_other() -> None:
    entries = [entry("2026-01-01", 2), entry("2025-01-01", 3), entry(None, 4)]
    assert PriceTable(entries, "eu-west-1").of("processing", "ml.m5.large").usd_per_hour == 2  # type: ignore[union-attr]
    table = PriceTable([entry(None, 4)], "eu-west-1")
    price = table.of("processing", "ml.m5.large")
    assert price is not None
    assert (price.usd_per_hour, price.stale(TODAY)) == (4, True)
    assert table.of("training", "ml.m5.large") is None
    assert PriceTable(entries, "us-east-1").of("processing", "ml.m5.large") is None


def test_a_price_is_old_after_180_days() -> None:
    for days, stale in ((180, False), (181, True)):
        table = PriceTable([entry((TODAY - dt.timedelta(days=days)).isoformat(), 1)], "eu-west-1")
        assert table.of("processing", "ml.m5.large").stale(TODAY) is stale  # type: ignore[union-attr]


def test_your_own_price_goes_first_and_is_never_old() -> None:
    table = PriceTable([entry("2026-11-26", 2)], "eu-west-1", {"ml.m5.large": 1, "ml.own.large": 9})
    assert table.of("processing", "ml.m5.large").usd_per_hour == 1  # type: ignore[union-attr]
    assert not table.of("training", "ml.own.large").stale(TODAY)  # type: ignore[union-attr]
    with pytest.raises(shardr.DataError, match=r"ml\.m5\.large: -1"):
        price_table(own={"ml.m5.large": -1})


def test_every_price_that_comes_with_shardr_names_its_source_and_is_a_price() -> None:
    from shardr._inst import inst

    entries = json.loads(inst("instances", "prices.json").read_text())["entries"]
    for found in entries:
        assert len(found["source"]) > 20
        assert found["date"] is None or dt.date.fromisoformat(found["date"]) <= dt.date(2026, 11, 26)
        assert set(found["kinds"]) <= {"processing", "training"}
        assert all(0.01 < usd < 100 and name.startswith("ml.") for name, usd in found["prices"].items())
    table = PriceTable(entries, "us-east-1")
    assert table.of("processing", "ml.m5.large").usd_per_hour == 0.115  # type: ignore[union-attr]
    assert table.of("processing", "ml.z9.huge") is None


def test_aws_is_asked_page_by_page_and_its_answer_goes_first(account: pytest.MonkeyPatch, home: Path) -> None:
    pages = [
        [product("EU-Processing:ml.m5.large", "0.1280000000"), product("EU-Host:ml.m5.large", "9")],
        [
            product("EU-Train:ml.m5.large", "0.1290000000"), product("EU-TrainWarmPool:ml.m5.xlarge", "9"),
            product("EU-Train:ml.c5.xlarge", "0.0000000000"), product("EU-Train:ml.m5.xlarge", "9", unit="GB-Mo"),
        ],
    ]  # fmt: skip
    with price_list_of(pages) as (url, asked):
        account.setenv("AWS_ENDPOINT_URL_PRICING", url)
        found = shardr.refresh_prices("eu-west-1")
    assert [request.get("NextToken") for request in asked] == [None, "1"]
    assert asked[0]["ServiceCode"] == "AmazonSageMaker"
    assert {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"} in asked[0]["Filters"]
    assert (found["regions"], found["path"]) == ({"eu-west-1": 1}, str(home / "prices.json"))
    table = price_table("eu-west-1")
    assert table.of("processing", "ml.m5.large").usd_per_hour == 0.128  # type: ignore[union-attr]
    assert table.of("training", "ml.m5.large").usd_per_hour == 0.129  # type: ignore[union-attr]
    assert table.of("training", "ml.m5.xlarge").usd_per_hour == 0.257  # type: ignore[union-attr] # the bill of 2023
    assert table.of("training", "ml.c5.xlarge") is None


def test_a_refresh_keeps_the_other_regions(account: pytest.MonkeyPatch, home: Path) -> None:
    for region in ("eu-west-1", "us-east-1", "eu-west-1"):
        with price_list_of([[product("X-Train:ml.m5.large", "1")]]) as (url, _):
            account.setenv("AWS_ENDPOINT_URL_PRICING", url)
            shardr.refresh_prices([region])
    kept = json.loads((home / "prices.json").read_text())["entries"]
    assert sorted(found["region"] for found in kept if found["prices"]) == ["eu-west-1", "us-east-1"]


def test_a_refusal_of_aws_and_an_empty_list_are_errors_that_change_nothing(
    account: pytest.MonkeyPatch, home: Path
) -> None:
    with price_list_of([[]]) as (url, _):
        account.setenv("AWS_ENDPOINT_URL_PRICING", url)
        with pytest.raises(shardr.AwsError, match="eu-wset-1"):
            shardr.refresh_prices("eu-wset-1")
    with price_list_of([[]], status=400) as (url, _):
        account.setenv("AWS_ENDPOINT_URL_PRICING", url)
        with pytest.raises(shardr.AwsError, match="pricing:GetProducts"):
            shardr.refresh_prices("eu-west-1")
    assert not (home / "prices.json").exists()


def test_a_table_that_cannot_be_read_says_how_to_get_another(home: Path) -> None:
    home.mkdir()
    (home / "prices.json").write_text("{")
    with pytest.raises(shardr.DataError, match="prices refresh"):
        price_table()
