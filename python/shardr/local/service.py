"""The local SageMaker as a Python object, for whoever needs no more of boto3 than its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.local.account import Account
from shardr.local.operations import call

if TYPE_CHECKING:
    from shardr.local.home import Home


class LocalSageMaker:
    """Processing jobs of this machine: create, describe, list, stop. Raises as ``operations.call`` does."""

    def __init__(self, home: Home, runner: str | None = None) -> None:
        """``runner`` as in the spec; None: what ``SHARDR_RUNNER`` says, else ``auto``."""
        self._account = Account(home, runner)

    def create_processing_job(self, **request: Any) -> dict[str, Any]:
        """Takes a job in and starts it; its ARN."""
        return call(self._account, "sagemaker", "CreateProcessingJob", request)

    def describe_processing_job(self, **request: Any) -> dict[str, Any]:
        """A job as it stands: its request, its state, and how it ended."""
        return call(self._account, "sagemaker", "DescribeProcessingJob", request)

    def stop_processing_job(self, **request: Any) -> dict[str, Any]:
        """Asks a job to stop; one that is over stays as it is."""
        return call(self._account, "sagemaker", "StopProcessingJob", request)

    def list_processing_jobs(self, **request: Any) -> dict[str, Any]:
        """Summaries of jobs, a page at a time: newest first, 10 a page, unless asked otherwise."""
        return call(self._account, "sagemaker", "ListProcessingJobs", request)
