"""Run R and Python scripts in parallel over shards of data, by the contract of Amazon SageMaker.

>>> import shardr
>>> run = shardr.run("job.yml", instances=2)     # doctest: +SKIP
>>> train = run.collect("split", "train")        # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shardr.errors import (
    AwsError,
    ColumnsDifferError,
    ConflictError,
    DataError,
    FrameError,
    HyperparameterError,
    ImageError,
    InvocationError,
    JobFailedError,
    NameInUseError,
    NotFoundError,
    OperationError,
    Problem,
    RequestError,
    RMissingError,
    RunnerError,
    ShardrError,
    SpecError,
    StoreError,
)

if TYPE_CHECKING:
    from shardr import r as r
    from shardr import runtime as runtime
    from shardr.api.advice.advise import Advice as Advice
    from shardr.api.advice.advise import advise as advise
    from shardr.api.advice.estimate import Estimate as Estimate
    from shardr.api.advice.estimate import estimate as estimate
    from shardr.api.advice.prices import refresh_prices as refresh_prices
    from shardr.api.collecting import collect as collect
    from shardr.api.collecting import collect_to as collect_to
    from shardr.api.collecting import split as split
    from shardr.api.conformance.suite import conformance as conformance
    from shardr.api.doctor import doctor as doctor
    from shardr.api.endpoints import Endpoint as Endpoint
    from shardr.api.endpoints import deploy as deploy
    from shardr.api.endpoints import endpoints as endpoints
    from shardr.api.examples import example as example
    from shardr.api.image_init import ImageDraft as ImageDraft
    from shardr.api.image_init import init_image as init_image
    from shardr.api.image_push import Pushed as Pushed
    from shardr.api.image_push import push_image as push_image
    from shardr.api.images import Image as Image
    from shardr.api.images import build_image as build_image
    from shardr.api.images import images as images
    from shardr.api.jobs import describe as describe
    from shardr.api.jobs import jobs as jobs
    from shardr.api.jobs import stop as stop
    from shardr.api.parity.difference import Difference as Difference
    from shardr.api.parity.verb import Parity as Parity
    from shardr.api.parity.verb import parity as parity
    from shardr.api.recordio import RecordioInfo as RecordioInfo
    from shardr.api.recordio import decode_recordio as decode_recordio
    from shardr.api.recordio import read_recordio as read_recordio
    from shardr.api.recordio import recordio_blocks as recordio_blocks
    from shardr.api.recordio import recordio_info as recordio_info
    from shardr.api.recordio import write_recordio as write_recordio
    from shardr.api.run import Run as Run
    from shardr.api.runs import plan as plan
    from shardr.api.runs import run as run
    from shardr.api.runs import submit as submit
    from shardr.api.runs import validate as validate
    from shardr.api.serving import serve as serve
    from shardr.api.serving import serve_stop as serve_stop
    from shardr.api.serving import served as served
    from shardr.api.transforming import transform as transform
    from shardr.engines.session import local_session as local_session
    from shardr.spec.models import Parameter as Parameter
    from shardr.spec.models import Pipeline as Pipeline
    from shardr.spec.parts import Expect as Expect
    from shardr.spec.parts import Input as Input
    from shardr.spec.parts import Manifest as Manifest
    from shardr.spec.parts import Output as Output
    from shardr.spec.parts import StepOutput as StepOutput
    from shardr.spec.processing import ProcessingStep as ProcessingStep
    from shardr.spec.training import TrainingInput as TrainingInput
    from shardr.spec.training import TrainingStep as TrainingStep
    from shardr.spec.transform import KnownModel as KnownModel
    from shardr.spec.transform import TrainedModel as TrainedModel
    from shardr.spec.transform import TransformStep as TransformStep

_HOMES = {
    "shardr.api.advice.advise": ("Advice", "advise"),
    "shardr.api.advice.estimate": ("Estimate", "estimate"),
    "shardr.api.advice.prices": ("refresh_prices",),
    "shardr.api.collecting": ("collect", "collect_to", "split"),
    "shardr.api.conformance.suite": ("conformance",),
    "shardr.api.doctor": ("doctor",),
    "shardr.api.endpoints": ("Endpoint", "deploy", "endpoints"),
    "shardr.api.examples": ("example",),
    "shardr.api.image_init": ("ImageDraft", "init_image"),
    "shardr.api.image_push": ("Pushed", "push_image"),
    "shardr.api.images": ("Image", "build_image", "images"),
    "shardr.api.jobs": ("describe", "jobs", "stop"),
    "shardr.api.parity.difference": ("Difference",),
    "shardr.api.parity.verb": ("Parity", "parity"),
    "shardr.api.recordio": ("RecordioInfo", "decode_recordio", "read_recordio", "recordio_blocks", "recordio_info",
                            "write_recordio"),
    "shardr.api.run": ("Run",),
    "shardr.api.runs": ("plan", "run", "submit", "validate"),
    "shardr.api.serving": ("serve", "serve_stop", "served"),
    "shardr.api.transforming": ("transform",),
    "shardr.engines.session": ("local_session",),
    "shardr.spec.models": ("Parameter", "Pipeline"),
    "shardr.spec.parts": ("Expect", "Input", "Manifest", "Output", "StepOutput"),
    "shardr.spec.processing": ("ProcessingStep",),
    "shardr.spec.training": ("TrainingInput", "TrainingStep"),
    "shardr.spec.transform": ("KnownModel", "TrainedModel", "TransformStep"),
}  # fmt: skip
_LAZY = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AwsError",
    "ColumnsDifferError",
    "ConflictError",
    "DataError",
    "FrameError",
    "HyperparameterError",
    "ImageError",
    "InvocationError",
    "JobFailedError",
    "NameInUseError",
    "NotFoundError",
    "OperationError",
    "Problem",
    "RMissingError",
    "RequestError",
    "RunnerError",
    "ShardrError",
    "SpecError",
    "StoreError",
    *sorted(_LAZY),
    "r",
    "runtime",
]


def __getattr__(name: str) -> Any:
    """Names come when they are first used: importing shardr loads neither pandas nor boto3 nor pydantic."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name in {"r", "runtime"}:
        return import_module(f"shardr.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("shardr")
    raise AttributeError(f"module 'shardr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
