"""The operations of AWS that this machine answers: each a function of an account and a request."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shardr.errors import OperationError
from shardr.requests.check import require_request
from shardr.requests.service_model import service_model

if TYPE_CHECKING:
    from shardr.local.account import Account

HOMES = {
    "sagemaker": {
        "CreateProcessingJob": "processing:create",
        "DescribeProcessingJob": "processing:describe",
        "ListProcessingJobs": "processing:list_jobs",
        "StopProcessingJob": "processing:stop",
        "CreateTrainingJob": "training:create",
        "DescribeTrainingJob": "training:describe",
        "ListTrainingJobs": "training:list_jobs",
        "StopTrainingJob": "training:stop",
        "CreateTransformJob": "transform:create",
        "DescribeTransformJob": "transform:describe",
        "ListTransformJobs": "transform:list_jobs",
        "StopTransformJob": "transform:stop",
        "CreateModel": "models:create",
        "DescribeModel": "models:describe",
        "ListModels": "models:list_models",
        "DeleteModel": "models:delete",
        "CreateEndpointConfig": "endpoint_configs:create",
        "DescribeEndpointConfig": "endpoint_configs:describe",
        "ListEndpointConfigs": "endpoint_configs:list_configs",
        "DeleteEndpointConfig": "endpoint_configs:delete",
        "CreateEndpoint": "endpoints:create",
        "DescribeEndpoint": "endpoints:describe",
        "ListEndpoints": "endpoints:list_endpoints",
        "UpdateEndpoint": "endpoints:update",
        "UpdateEndpointWeightsAndCapacities": "endpoints:reweigh",
        "DeleteEndpoint": "endpoints:delete",
        "CreatePipeline": "pipelines:create",
        "UpdatePipeline": "pipelines:update",
        "DeletePipeline": "pipelines:delete",
        "DescribePipeline": "pipelines:describe",
        "ListPipelines": "pipelines:list_pipelines",
        "ListPipelineVersions": "pipelines:list_versions",
        "StartPipelineExecution": "executions:start",
        "DescribePipelineExecution": "executions:describe",
        "DescribePipelineDefinitionForExecution": "executions:definition",
        "ListPipelineParametersForExecution": "executions:parameters",
        "ListPipelineExecutions": "executions:list_executions",
        "ListPipelineExecutionSteps": "executions:list_steps",
        "UpdatePipelineExecution": "executions:update",
        "StopPipelineExecution": "executions:stop",
        "RetryPipelineExecution": "executions:retry",
        "ListTags": "tags:list_tags",
        "AddTags": "tags:add",
        "DeleteTags": "tags:delete",
    },
    "sagemaker-runtime": {"InvokeEndpoint": "invocations:invoke"},
    "logs": {
        "DescribeLogGroups": "logs:groups",
        "DescribeLogStreams": "logs:streams",
        "GetLogEvents": "logs:events",
        "FilterLogEvents": "filtering:events",
    },
    "sts": {"GetCallerIdentity": "identity:caller"},
    "iam": {"GetRole": "identity:role", "SimulatePrincipalPolicy": "identity:simulated"},
}
"""Services, named as in botocore, with their operations and where each is at home in this folder."""


def call(account: Account, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request, with the service's own field names and times as ``datetime``.

    Raises ``OperationError`` for an operation that is not answered here, ``RequestError`` for what the service would
    refuse, and what the operation raises: ``NotFoundError``, ``NameInUseError``.
    """
    home = HOMES.get(service, {}).get(operation)
    if home is None:
        known = ", ".join(HOMES.get(service, {})) or "none"
        raise OperationError(f"{operation} of {service} is not answered on this machine", fix=f"answered are {known}")
    require_request(operation, request, service)
    module, _, function = home.partition(":")
    answer: dict[str, Any] = getattr(import_module(f"shardr.local.operations.{module}"), function)(account, request)
    return answer


def prepare() -> None:
    """Reads what answers are made of, the services' models and the operations, so that no request waits for it."""
    for service, homes in HOMES.items():
        service_model(service)
        for home in homes.values():
            import_module(f"shardr.local.operations.{home.partition(':')[0]}")
