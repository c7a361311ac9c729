"""The table of prices: what comes with shardr, what AWS said when it was asked, and what you say yourself."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr._inst import inst
from shardr.errors import DataError
from shardr.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STALE_DAYS = 180
"""A price that was not looked at for longer is old: AWS changes few prices, but not none."""
DEFAULT_REGION = "us-east-1"
REFRESH = "`shardr prices refresh` asks AWS; or say the price yourself: --price ml.m5.large=0.115"


@dataclass(frozen=True)
class Price:
    """USD for an hour of one instance, and when and where that was found."""

    usd_per_hour: float
    date: dt.date | None
    """None: the source does not say."""
    source: str

    def stale(self, today: dt.date) -> bool:
        """Whether it is older than 180 days, or of no known age."""
        return self.date is None or today - self.date > dt.timedelta(days=STALE_DAYS)


class PriceTable:
    """Prices by region, kind of job (``processing``, ``training``, ``transform``) and instance type."""

    def __init__(
        self, entries: Sequence[Mapping[str, Any]], region: str, own: Mapping[str, float] | None = None
    ) -> None:
        self.region = region
        self._own = {name: Price(float(usd), dt.date.max, "as given") for name, usd in (own or {}).items()}
        self._found: dict[tuple[str, str], Price] = {}
        for entry in (entry for entry in entries if entry["region"] == region):
            when = dt.date.fromisoformat(entry["date"]) if entry["date"] else None
            for kind in entry["kinds"]:
                for name, usd in entry["prices"].items():
                    known = self._found.get((kind, name))
                    if known is None or (when or dt.date.min) > (known.date or dt.date.min):
                        self._found[kind, name] = Price(float(usd), when, entry["source"])

    def of(self, kind: str, instance_type: str) -> Price | None:
        """The price given, else the newest that is known; None when there is none.

        Where that of transform jobs is not known, that of training is taken for it.
        """
        found = self._own.get(instance_type) or self._found.get((kind, instance_type))
        return self.of("training", instance_type) if found is None and kind == "transform" else found

    def types(self, kind: str) -> list[str]:
        """The types that have a price, by price."""
        known = {name: price.usd_per_hour for (of, name), price in self._found.items() if of == kind}
        known |= {name: price.usd_per_hour for name, price in self._own.items()}
        return sorted(known, key=lambda name: (known[name], name))


def price_table(region: str | None = None, own: Mapping[str, float] | None = None) -> PriceTable:
    """The prices of a region (default: ``AWS_REGION``, else us-east-1); ``own`` are yours, by type, and go first."""
    wrong = [f"{name}: {usd!r}" for name, usd in (own or {}).items() if not _positive(usd)]
    if wrong:
        raise DataError(f"no price in USD per hour: {', '.join(wrong)}", fix='for example {"ml.m5.large": 0.115}')
    entries = _read(inst("instances", "prices.json"))
    kept = _kept()
    if kept.is_file():
        entries += _read(kept)
    return PriceTable(entries, region or os.environ.get("AWS_REGION") or DEFAULT_REGION, own)


def refresh_prices(regions: Sequence[str] | str | None = None, *, session: Any = None) -> dict[str, Any]:
    """Asks AWS for the prices of regions (default: ``AWS_REGION``, else us-east-1) and keeps them in ``SHARDR_HOME``.

    Returns ``path``, ``date``, and how many types have a price in each of the ``regions``. Needs credentials with the
    permission ``pricing:GetProducts``; raises ``AwsError`` when AWS cannot be asked. Prices of other regions stay.
    """
    from shardr.engines.price_list import price_list  # loads boto3

    wanted = [regions] if isinstance(regions, str) else list(regions or [])
    wanted = wanted or [os.environ.get("AWS_REGION") or DEFAULT_REGION]
    today = dt.date.today().isoformat()  # noqa: DTZ011 - for people, and read back in days
    entries = [entry for entry in (_read(_kept()) if _kept().is_file() else []) if entry["region"] not in wanted]
    counts = {}
    for region in wanted:
        found = price_list(region, session)
        counts[region] = len({name for prices in found.values() for name in prices})
        entries += [
            {"region": region, "kinds": [kind], "date": today, "source": "AWS Price List API", "prices": prices}
            for kind, prices in found.items()
        ]
    Home.default().make()
    written = _kept().with_name(f".prices-{secrets.token_hex(4)}")
    written.write_text(json.dumps({"currency": "USD", "per": "hour", "entries": entries}, indent=1), encoding="utf-8")
    written.replace(_kept())
    return {"path": str(_kept()), "date": today, "regions": counts}


def _kept() -> Path:
    return Home.default().root / "prices.json"


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["entries"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(
            f"{path} is no table of prices: {error}", fix="remove it, or `shardr prices refresh`"
        ) from error
    return found


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
