"""What an endpoint is to run: its variants, each with all that its instances need to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.requests.facts import model_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.requests.facts import ModelFacts

HEALTH_SECONDS = 240
"""How long the service waits for a container that says nothing else."""


@dataclass(frozen=True)
class Variant:
    """Instances of one model; the model as it was when the endpoint was made."""

    name: str
    weight: float
    count: int
    instance_type: str
    health_seconds: float
    model: dict[str, Any]
    machine: dict[str, Any]

    @classmethod
    def of(cls, item: Mapping[str, Any], model: dict[str, Any], machine: dict[str, Any]) -> Variant:
        """The variant of a ``ProductionVariants`` item."""
        health = item.get("ContainerStartupHealthCheckTimeoutInSeconds", HEALTH_SECONDS)
        weight, count = item.get("InitialVariantWeight", 1.0), item.get("InitialInstanceCount", 1)
        return cls(item["VariantName"], weight, count, item.get("InstanceType", ""), health, model, machine)

    @property
    def facts(self) -> ModelFacts:
        """The model, as far as serving it goes."""
        return model_facts(self.model)

    def alike(self, other: Variant) -> bool:
        """Whether an instance of the other may go on as one of this."""
        return (self.name, self.model, self.instance_type) == (other.name, other.model, other.instance_type)


@dataclass(frozen=True)
class EndpointPlan:
    """A configuration, made whole."""

    config: str
    """Its name."""
    variants: list[Variant]
    capture: dict[str, Any] | None
    """``DataCaptureConfig``."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the store."""
        return {"config": self.config, "variants": [vars(v) for v in self.variants], "capture": self.capture}

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> EndpointPlan:
        """The plan that another process kept."""
        return cls(about["config"], [Variant(**v) for v in about["variants"]], about["capture"])
