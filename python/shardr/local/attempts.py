"""Where a further attempt of a training job leaves its model: the service names the place after the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.requests.facts import facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shardr.local.store import JobRow


def moved(planned: Mapping[str, Any], job: JobRow) -> dict[str, str]:
    """Places that other requests of a run know from the plan, each with where the job really leaves its files."""
    there = {output.name: output.uri for output in facts(job.request).outputs}
    pairs = ((output.uri, there[output.name]) for output in facts(planned).outputs)
    return {before: after for before, after in pairs if before != after}


def pointed(request: Any, places: Iterable[tuple[str, str]]) -> Any:
    """The same request with the places put right.

    >>> pointed({"S3Uri": "s3://b/fit/output/model.tar.gz"}, [("s3://b/fit/output/", "s3://b/fit-r1/output/")])
    {'S3Uri': 's3://b/fit-r1/output/model.tar.gz'}
    """
    if isinstance(request, dict):
        return {key: pointed(value, places) for key, value in request.items()}
    if isinstance(request, list):
        return [pointed(value, places) for value in request]
    for before, after in places:
        if isinstance(request, str) and request.startswith(before):
            return after + request[len(before) :]
    return request
