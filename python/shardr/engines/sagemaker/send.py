"""What changes something on AWS: uploads, the start of a run, its stop."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from shardr.engines.sagemaker.requests import as_sent
from shardr.errors import AwsError, NameInUseError
from shardr.requests.facts import kind_of
from shardr.storage.local import list_files
from shardr.storage.refused import code_of, in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from shardr.engines.base import Deposit, Uploading
    from shardr.local.store import RunRow
    from shardr.requests.facts import Kind
    from shardr.storage.s3 import S3Storage

UNKNOWN = frozenset({"ResourceNotFound", "ResourceNotFoundException", "ValidationError", "ValidationException"})
EXISTING = "Cannot create already existing model"
"""What SageMaker says of the name of a model that is in use, and nothing else does."""
RIGHTS = "your role needs sagemaker:{0}, and iam:PassRole for the role of the jobs"


def deposit(storage: S3Storage, deposits: Sequence[Deposit], progress: Uploading | None = None) -> None:
    """Uploads scripts, manifests and data that are not there already."""
    files = [file for item in deposits for file in _files(item)]
    with in_our_words("the data cannot be uploaded", denied="your role needs s3:PutObject and s3:GetObject there"):
        more = _adding_up(sum(path.stat().st_size for path, _ in files), progress) if progress else None
        storage.upload(files, more)
        for item in deposits:
            if item.content is not None:
                storage.put(item.uri, item.content)


def _adding_up(total: int, progress: Uploading) -> Callable[[int], None]:
    """What takes each piece that is there; pieces come from several threads."""
    sent, lock = 0, threading.Lock()

    def more(count: int) -> None:
        nonlocal sent
        with lock:
            sent += count
            progress(sent, total)

    return more


def _files(item: Deposit) -> Iterator[tuple[Path, str]]:
    if item.path is None or item.make_folder:
        return
    if item.path.is_file():
        yield item.path, item.uri
        return
    for key in list_files(item.path) if item.keys is None else item.keys:
        yield item.path / key, item.uri + key


def send(client: Any, calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Starts the job, its model first, or the execution of the pipeline that is made or updated; gives where it is."""
    if "CreatePipeline" not in calls[0]:
        _create(client, *calls)
        return {}
    made, begun = calls[0]["CreatePipeline"], calls[1]["StartPipelineExecution"]
    with in_our_words("SageMaker does not take the pipeline", denied=RIGHTS.format("CreatePipeline")):
        _upsert(client, as_sent(made))
    with in_our_words("SageMaker does not start the pipeline", denied=RIGHTS.format("StartPipelineExecution")):
        execution = client.start_pipeline_execution(**begun)["PipelineExecutionArn"]
        _check_same(client, execution, made)
    return {"pipeline": made["PipelineName"], "execution": execution}


def _create(client: Any, *calls: dict[str, Any]) -> None:
    """Starts a job, its model first: one that the job does not want does not stay."""
    operation, request = next(iter(calls[-1].items()))
    kind, model = kind_of(request), calls[0].get("CreateModel")
    in_use = NameInUseError(f"the account has a job {kind.name_of(request)} already", fix="give another name, or none")
    if model is not None:
        with in_our_words("SageMaker does not take the model", denied=RIGHTS.format("CreateModel")):
            try:
                client.create_model(**model)
            except Exception as error:
                if EXISTING in str(error):
                    raise in_use from error
                raise
    with in_our_words("SageMaker does not take the job", denied=RIGHTS.format(operation)):
        try:
            getattr(client, f"create_{kind.method}")(**request)
        except Exception as error:
            if model is not None:
                client.delete_model(ModelName=model["ModelName"])
            if code_of(error) == "ResourceInUse":
                raise in_use from error
            raise


def _upsert(client: Any, request: dict[str, Any]) -> None:
    try:
        known = client.describe_pipeline(PipelineName=request["PipelineName"])
    except Exception as error:
        if code_of(error) not in UNKNOWN:
            raise
        client.create_pipeline(**request)
        return
    if (known["PipelineDefinition"], known["RoleArn"]) != (request["PipelineDefinition"], request["RoleArn"]):
        client.update_pipeline(**request)


def _check_same(client: Any, execution: str, made: dict[str, Any]) -> None:
    """Between update and start another run of that name may have changed the pipeline: then this one is not ours."""
    found = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=execution)["PipelineDefinition"]
    if json.loads(found) != made["PipelineDefinition"]:
        client.stop_pipeline_execution(PipelineExecutionArn=execution)
        raise AwsError(
            f"the pipeline {made['PipelineName']} was changed by another run at the same moment", fix="try again"
        )


def stop(client: Any, row: RunRow) -> None:
    """Asks the job or the execution to stop; one that is over is no error."""
    if "execution" in row.machine:
        _stop(client.stop_pipeline_execution, PipelineExecutionArn=row.machine["execution"])
    else:
        job = row.steps[0]["jobs"][0]
        stop_job(client, kind_of(job["request"]), job["name"])


def stop_job(client: Any, kind: Kind, name: str) -> None:
    """Asks one job to stop; one that is over is no error."""
    _stop(getattr(client, f"stop_{kind.method}"), **{f"{kind.noun}Name": name})


def _stop(operation: Callable[..., Any], **what: str) -> None:
    try:
        operation(**what)
    except Exception as error:
        if code_of(error) not in {"ValidationException", "ResourceNotFound"}:
            raise
