"""Pipelines of this machine, with the service's field names, versions and errors."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import ConflictError, DataError, NotFoundError, RequestError
from shardr.local.operations import tags
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment, seconds
from shardr.local.pipelines.check import require_definition
from shardr.local.pipelines.names import pipeline_arn
from shardr.local.pipelines.rows import PipelineRow
from shardr.local.pipelines.store import PipelineStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.account import Account

COLUMNS = {"PipelineDisplayName": "display", "PipelineDescription": "description", "RoleArn": "role"}
DEFINITION_CHARACTERS = 1_048_576


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a pipeline in; its ARN. Raises ``RequestError`` for a definition that is wrong or a name that is taken."""
    name, token, now = request["PipelineName"], request["ClientRequestToken"], time.time()
    store = PipelineStore(account.home.store)
    before = store.pipeline(name)
    if before is None or before.token != token:
        definition = _definition(account, request)
        if definition is None:
            raise RequestError("PipelineDefinition or PipelineDefinitionS3Location is required")
        require_definition(definition)
        account.home.make()
        row = PipelineRow(
            name=name,
            display=request.get("PipelineDisplayName"),
            description=request.get("PipelineDescription"),
            role=request["RoleArn"],
            parallel=_parallel(request),
            tags=tags.require(request.get("Tags", [])),
            token=token,
            created=now,
            modified=now,
            last_run=None,
            version=1,
        )
        if not store.add_pipeline(row, definition):  # the service's words: clients look for them before they update
            raise RequestError(
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({name}) already exists."
            )
    return {"PipelineArn": pipeline_arn(account, name)}


def update(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Changes a pipeline; its ARN and newest version. What is under way goes on with the version that it has."""
    name = request["PipelineName"]
    definition = _definition(account, request)
    if definition is not None:
        require_definition(definition)
    changes = {column: request[field] for field, column in COLUMNS.items() if field in request}
    if "ParallelismConfiguration" in request:
        changes["parallel"] = _parallel(request)
    version = PipelineStore(account.home.store).update_pipeline(name, definition, **changes)
    if version is None:
        raise _unknown(account, name)
    return {"PipelineArn": pipeline_arn(account, name), "PipelineVersionId": version}


def delete(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Removes a pipeline with the records of its executions; raises ``ConflictError`` while one is under way."""
    name = request["PipelineName"]
    deleted = PipelineStore(account.home.store).delete_pipeline(name)
    if deleted is None:
        raise _unknown(account, name)
    if not deleted:
        raise ConflictError(
            f"Pipeline {name} has an execution that is under way.", fix="stop it first, or wait until it is over"
        )
    return {"PipelineArn": pipeline_arn(account, name)}


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A pipeline with its definition, in the newest version unless another is asked for."""
    row = find(account, request["PipelineName"])
    store = PipelineStore(account.home.store)
    version = request.get("PipelineVersionId", row.version)
    definition = store.definition(row.name, version)
    if definition is None:
        raise NotFoundError(f"Pipeline {row.name} has no version {version}.")
    answer = {**_summary(account, row), "PipelineStatus": row.status, "PipelineDefinition": definition}
    answer.pop("LastExecutionTime", None)
    if row.last_run is not None:
        answer["LastRunTime"] = moment(row.last_run)
    if row.parallel is not None:
        answer["ParallelismConfiguration"] = {"MaxParallelExecutionSteps": row.parallel}
    return answer


def list_pipelines(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of pipelines, a page at a time."""
    prefix = request.get("PipelineNamePrefix", "")
    rows = [row for row in PipelineStore(account.home.store).pipelines() if row.name.startswith(prefix)]
    shown, following = page(created_between(rows, request), request)
    return {"PipelineSummaries": [_summary(account, row) for row in shown], **following}


@dataclass(frozen=True)
class _Version:
    number: int
    created: float
    status: str = ""

    @property
    def name(self) -> str:
        return f"{self.number:019}"

    @property
    def modified(self) -> float:
        return self.created


def list_versions(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The versions of a pipeline, a page at a time."""
    row = find(account, request["PipelineName"])
    versions = [_Version(*found) for found in PipelineStore(account.home.store).versions(row.name)]
    shown, following = page(created_between(versions, request), request)
    arn = pipeline_arn(account, row.name)
    summaries = [
        {"PipelineArn": arn, "PipelineVersionId": each.number, "CreationTime": moment(each.created)} for each in shown
    ]
    return {"PipelineVersionSummaries": summaries, **following}


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a pipeline was created with; raises ``NotFoundError``."""
    return find(account, name).tags


def find(account: Account, name_or_arn: str) -> PipelineRow:
    """The pipeline of a name or an ARN; raises ``NotFoundError``."""
    name = name_or_arn.rpartition("/")[2]
    row = PipelineStore(account.home.store).pipeline(name)
    if row is None or name_or_arn not in {name, pipeline_arn(account, name)}:
        raise _unknown(account, name_or_arn)
    return row


def created_between(rows: list[Any], request: Mapping[str, Any]) -> list[Any]:
    """The rows within ``CreatedAfter`` and ``CreatedBefore``."""
    after = seconds(request["CreatedAfter"]) if "CreatedAfter" in request else float("-inf")
    before = seconds(request["CreatedBefore"]) if "CreatedBefore" in request else float("inf")
    return [row for row in rows if after <= row.created <= before]


def _summary(account: Account, row: PipelineRow) -> dict[str, Any]:
    found = {
        "PipelineArn": pipeline_arn(account, row.name),
        "PipelineName": row.name,
        "PipelineDisplayName": row.display or row.name,
        "PipelineDescription": row.description,
        "RoleArn": row.role,
        "CreationTime": moment(row.created),
        "LastModifiedTime": moment(row.modified),
        "LastExecutionTime": moment(row.last_run),
    }
    return {key: value for key, value in found.items() if value is not None}


def _definition(account: Account, request: Mapping[str, Any]) -> str | None:
    """The text of a definition, as it is given or out of the object that is named; None when neither is there."""
    place = request.get("PipelineDefinitionS3Location")
    if place is None:
        return request.get("PipelineDefinition")
    if "PipelineDefinition" in request:
        raise RequestError("PipelineDefinition and PipelineDefinitionS3Location exclude each other")
    uri = f"s3://{place['Bucket']}/{place['ObjectKey']}"
    try:
        text = account.home.storage.path(uri).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, DataError) as error:
        raise RequestError(f"PipelineDefinitionS3Location: {uri} cannot be read", why=str(error)) from error
    if len(text) > DEFINITION_CHARACTERS:
        raise RequestError(f"PipelineDefinitionS3Location: {uri} has more than {DEFINITION_CHARACTERS} characters")
    return text


def _parallel(request: Mapping[str, Any]) -> int | None:
    found: int | None = request.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps")
    return found


def _unknown(account: Account, name_or_arn: str) -> NotFoundError:
    arn = name_or_arn if name_or_arn.startswith("arn:") else pipeline_arn(account, name_or_arn)
    return NotFoundError(f"Pipeline '{arn}' does not exist.")
