"""Models behind endpoints: deployed, asked, listed, deleted; here or on SageMaker."""

from __future__ import annotations

import re
import secrets
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.api.advice.prices import price_table
from shardr.api.rows import answers, header_line, row_lines, table
from shardr.api.served_models import SERVED_BY, served_model
from shardr.api.trained import is_spec, train
from shardr.engines.hosting import hosting
from shardr.errors import JobFailedError, NotFoundError, ShardrError
from shardr.local import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from shardr.api.advice.prices import PriceTable
    from shardr.api.runs import EngineName, RunnerName
    from shardr.engines.hosting import Hosting

POLL_SECONDS = {"local": 0.05, "sagemaker": 5.0}
OWN = re.compile(r"-[0-9a-f]{6}")
"""Ends the names of models and configurations that ``deploy`` makes, after the endpoint's."""
DAY_HOURS = 24
CSV, NAMED_CSV = "text/csv", "text/csv; header=present"


class Endpoint:
    """A model that is served: ask it, and delete it when nobody asks any more.

    >>> endpoint = shardr.Endpoint("prices")          # doctest: +SKIP
    >>> endpoint.predict(houses)                      # doctest: +SKIP
    """

    def __init__(
        self,
        name: str,
        *,
        engine: EngineName | None = None,
        session: Any = None,
        where: Hosting | None = None,
    ) -> None:
        """Raises ``NotFoundError`` when there is none of this name."""
        self.name = name
        self._where = where or hosting(engine, session=session)
        self.refresh()

    def __repr__(self) -> str:
        return f"<Endpoint {self.name}: {self.status}>"

    @property
    def status(self) -> str:
        """``Creating``, ``InService``, ``Updating``, ``Deleting`` or ``Failed``, as last seen."""
        return str(self._about["EndpointStatus"])

    @property
    def failure(self) -> str | None:
        """Why it failed, in the words of its script."""
        return self._about.get("FailureReason")

    def refresh(self) -> Endpoint:
        """The endpoint with its state read anew."""
        self._about = self._where.ask("DescribeEndpoint", EndpointName=self.name)
        return self

    def wait(self) -> Endpoint:
        """The endpoint when it is in service; raises ``JobFailedError`` when it will not be."""
        while self.status in {"Creating", "Updating"}:
            time.sleep(POLL_SECONDS[self._where.name])
            self.refresh()
        if self.status != "InService":
            fix = f"`shardr delete {self.name}` removes it"
            raise JobFailedError(f"endpoint {self.name} is {self.status}", why=self.failure, fix=fix)
        return self

    def invoke(self, body: bytes, content_type: str = CSV, accept: str | None = None) -> tuple[bytes, str]:
        """The model's answer to these bytes, and its content type; raises ``InvocationError``."""
        asked = {"ContentType": content_type, **({"Accept": accept} if accept else {})}
        found = self._where.invoke(EndpointName=self.name, Body=body, **asked)
        return found["Body"], found.get("ContentType", "")

    def predict(self, data: pd.DataFrame | bytes | str, *, header: bool | None = None) -> pd.DataFrame | bytes:
        """The answer to a data frame as a data frame, a row for each; to bytes or text (CSV), as bytes.

        A frame goes as CSV, in as many requests as its size needs. The names of its columns go with it, as
        ``text/csv; header=present``, where shardr's own images serve the model by code, or as ``header`` says: other
        images take a first line for a row.
        """
        if isinstance(data, (bytes, str)):
            return self.invoke(data.encode() if isinstance(data, str) else data)[0]
        return table(self.predict_rows(row_lines(data), header_line(data), header=header))

    def predict_rows(self, lines: list[bytes], names: bytes, *, header: bool | None = None) -> list[bytes]:
        """The answers to rows of CSV, each with its end of line, below a line of names: one for each row."""
        if not (self._reads_names() if header is None else header):
            return answers(lines, lambda body: self.invoke(body, CSV, CSV)[0])
        return answers(lines, lambda body: self.invoke(names + body, NAMED_CSV, CSV)[0])

    def _reads_names(self) -> bool:
        images = [image for v in self._about.get("ProductionVariants", []) for image in v.get("DeployedImages", [])]
        own = {self._where.image(name) for name in SERVED_BY.values()}
        return bool(images) and {image.get("SpecifiedImage") for image in images} <= own

    def delete(self) -> None:
        """Ends it, and removes its configuration and models where ``deploy`` made them."""
        config = str(self._about.get("EndpointConfigName", ""))
        self._where.ask("DeleteEndpoint", EndpointName=self.name)
        if OWN.fullmatch(config.removeprefix(self.name[:56])):
            models = _variants(self._where, config)
            self._where.ask("DeleteEndpointConfig", EndpointConfigName=config)
            for model in {variant["ModelName"] for variant in models} & {config}:
                self._where.ask("DeleteModel", ModelName=model)

    def to_dict(self) -> dict[str, Any]:
        """What ``shardr endpoints`` tells of it."""
        return _record(self._where, self._about, price_table(self._where.region))


def deploy(
    model: str | Path,
    name: str,
    *,
    image: str | None = None,
    code: str | Path | None = None,
    instance_count: int = 1,
    instance_type: str = "ml.m5.large",
    environment: Mapping[str, str] | None = None,
    ttl_seconds: int = contract.LIFE_SECONDS,
    wait: bool = True,
    engine: EngineName | None = None,
    runner: RunnerName | None = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
) -> Endpoint:
    """The endpoint ``name``, which serves a model until it is deleted, or until its time is over.

    ``model`` is a folder with what a ``model.tar.gz`` has in it, such an archive, here or at an ``s3://`` URI, or a
    training step of a run, ``"RUN.STEP"``; or the file of a spec with one training step, which is run first. ``code``
    is a file that defines ``predict_fn(model, data)``, where it is not
    in the model's folder ``code`` already. ``image`` is what serves it: without one, shardr's ``serving`` for code in R
    and ``python`` for code in Python, else that which trained it. On this machine an endpoint ends by itself after
    ``ttl_seconds`` (4 hours); on SageMaker it costs money until ``delete()``. ``engine``, ``runner``, ``role``,
    ``bucket`` and ``session`` are as in ``submit``.

    Raises ``JobFailedError`` with the script's own error when the model cannot be served, and deletes nothing then.

    >>> shardr.deploy("cars-model", "cars", code="predict.R")           # doctest: +SKIP
    <Endpoint cars: InService>
    """
    there: dict[str, Any] = {"runner": runner, "role": role, "bucket": bucket, "session": session}
    where = hosting(engine, **there)
    if is_spec(model):
        model = train(model, engine=engine, **there)
    served = served_model(model, where, image, Path(code) if code is not None else None)
    own = f"{name[:56]}-{secrets.token_hex(3)}"
    role_arn = where.role()
    container: dict[str, Any] = {"Image": where.image(served.image), "ModelDataUrl": served.uri}
    if given := {**served.environment, **(environment or {})}:
        container["Environment"] = given
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": own,
        "InitialInstanceCount": instance_count,
        "InstanceType": instance_type,
        "InitialVariantWeight": 1.0,
    }
    where.ask("CreateModel", ModelName=own, PrimaryContainer=container, ExecutionRoleArn=role_arn)
    made = ["DeleteModel"]
    try:
        where.ask("CreateEndpointConfig", EndpointConfigName=own, ProductionVariants=[variant])
        made.append("DeleteEndpointConfig")
        tags = [{"Key": f"shardr:{contract.LIFE_TAG}", "Value": str(ttl_seconds)}]
        where.ask("CreateEndpoint", EndpointName=name, EndpointConfigName=own, Tags=tags)
    except ShardrError:
        for operation in reversed(made):
            where.ask(operation, **{operation.removeprefix("Delete") + "Name": own})
        raise
    endpoint = Endpoint(name, where=where)
    return endpoint.wait() if wait else endpoint


def endpoints(*, engine: EngineName | None = None, session: Any = None) -> list[dict[str, Any]]:
    """A record for each endpoint, the newest first: status, instances, age, time left, and USD per day.

    ``usd_per_day`` is what its instances cost on SageMaker, also for those of this machine, which cost nothing; None
    where no price is known. Where that of hosting is not, it is the price of the same instance for training.
    """
    where = hosting(engine, session=session)
    prices = price_table(where.region)
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"MaxResults": 100}
    while True:
        page = where.ask("ListEndpoints", **asked)
        for item in page["Endpoints"]:
            try:
                about = where.ask("DescribeEndpoint", EndpointName=item["EndpointName"])
                found.append(_record(where, about, prices))
            except NotFoundError:  # it has gone just now
                continue
        if "NextToken" not in page:
            return found
        asked["NextToken"] = page["NextToken"]


def _record(where: Hosting, about: dict[str, Any], prices: PriceTable) -> dict[str, Any]:
    told = contract.tag(where.ask("ListTags", ResourceArn=about["EndpointArn"]), contract.LIFE_TAG)
    life = int(told) if told.isdecimal() else None
    if life is None and where.name == "local":
        life = contract.LIFE_SECONDS
    age = (datetime.now(timezone.utc) - about["CreationTime"]).total_seconds()
    variants = about.get("ProductionVariants", [])
    usd: float | None = 0.0
    types = {v["VariantName"]: v.get("InstanceType") for v in _variants(where, about.get("EndpointConfigName", ""))}
    for variant in variants:
        kind = types.get(variant["VariantName"]) or ""
        price = next(filter(None, (prices.of(job, kind) for job in ("hosting", "training", "processing"))), None)
        count = variant.get("DesiredInstanceCount", 0)
        usd = None if usd is None or price is None else usd + DAY_HOURS * count * price.usd_per_hour
    if about["EndpointStatus"] == "Failed":  # it has no instances
        usd = 0.0
    return {
        "name": about["EndpointName"],
        "status": about["EndpointStatus"],
        "instances": sum(variant.get("CurrentInstanceCount", 0) for variant in variants),
        "instance_types": sorted({kind for kind in types.values() if kind}),
        "created": about["CreationTime"].isoformat(timespec="seconds"),
        "age_seconds": round(age, 1),
        "left_seconds": None if life is None else max(0.0, round(life - age, 1)),
        "usd_per_day": None if usd is None or not types else round(usd, 2),
        "failure": about.get("FailureReason"),
    }


def _variants(where: Hosting, config: str) -> list[dict[str, Any]]:
    try:
        found = where.ask("DescribeEndpointConfig", EndpointConfigName=config)
    except NotFoundError:  # removed, and the endpoint goes on
        return []
    variants: list[dict[str, Any]] = found["ProductionVariants"]
    return variants
