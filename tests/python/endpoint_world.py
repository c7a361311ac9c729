"""Endpoints for tests: a model of the built-in XGBoost, served by real processes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import worlds
import xgboost as xgb

from shardr.local.account import Account
from shardr.local.home import Home
from shardr.local.operations import call

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::000000000000:role/anyone"
ROWS = b"1,2\n3,4\n"
TRIES = {"SAGEMAKER_BIND_TO_PORT": "9999"}
"""Makes the program listen where nobody looks."""


@cache
def archive(constant: float = 1.0) -> bytes:
    """A model.tar.gz whose predictions are all near this number."""
    x = np.arange(40, dtype=np.float32).reshape(20, 2)
    model = xgb.train({"base_score": constant}, xgb.DMatrix(x, label=np.full(20, constant)), 1)
    return worlds.packed({"xgboost-model": bytes(model.save_raw("json"))})


class World:
    """SageMaker of a test's own home."""

    def __init__(self, home: Path) -> None:
        self.account = Account(Home(home))

    def ask(self, operation: str, service: str = "sagemaker", **request: Any) -> dict[str, Any]:
        return call(self.account, service, operation, request)

    def model(self, name: str = "m", content: bytes | None = None, image: str = IMAGE, **environment: str) -> str:
        self.account.home.make()
        uri = f"s3://models/{name}/model.tar.gz"
        self.account.home.storage.put(uri, archive() if content is None else content)
        container = {"Image": image, "ModelDataUrl": uri, "Environment": environment}
        self.ask("CreateModel", ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        return name

    def config(self, name: str, *variants: dict[str, Any], **more: Any) -> str:
        made = [
            {
                "VariantName": f"v{i}",
                "ModelName": "m",
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
                **variant,
            }
            for i, variant in enumerate(variants or [{}], 1)
        ]
        self.ask("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=made, **more)
        return name

    def endpoint(self, name: str, config: str, **tags: str) -> str:
        given = [{"Key": f"shardr:{key.replace('_', '-')}", "Value": value} for key, value in tags.items()]
        self.ask("CreateEndpoint", EndpointName=name, EndpointConfigName=config, Tags=given)
        return name

    def status(self, name: str) -> str:
        found: str = self.about(name)["EndpointStatus"]
        return found

    def about(self, name: str) -> dict[str, Any]:
        return self.ask("DescribeEndpoint", EndpointName=name)

    def there(self, name: str) -> bool:
        listed = self.ask("ListEndpoints", NameContains=name)["Endpoints"]
        return name in {one["EndpointName"] for one in listed}

    def until(self, name: str, status: str) -> dict[str, Any]:
        worlds.until(lambda: self.status(name) in {status, "Failed"}, 40)
        found = self.about(name)
        assert found["EndpointStatus"] == status, found.get("FailureReason")
        return found

    def served(self, name: str = "e", config: str | None = None, **tags: str) -> str:
        """An endpoint in service."""
        self.until(self.endpoint(name, config or self.config(f"{name}-config"), **tags), "InService")
        return name

    def invoke(self, name: str = "e", body: bytes = ROWS, **more: str) -> dict[str, Any]:
        request = {"EndpointName": name, "Body": body, "ContentType": "text/csv", **more}
        return self.ask("InvokeEndpoint", "sagemaker-runtime", **request)

    def close(self) -> None:
        """Ends all endpoints, and waits until their processes have gone."""
        for one in self.ask("ListEndpoints", MaxResults=100)["Endpoints"]:
            self.ask("DeleteEndpoint", EndpointName=one["EndpointName"])
        worlds.until(lambda: not self.ask("ListEndpoints")["Endpoints"], 60)
