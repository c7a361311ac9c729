"""A processing job: its config files, and its outputs as folders of files, counted and held to their claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.local import accounts, contract, outputs
from shardr.local.contract import Tree
from shardr.local.work import Taken
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shardr.local.home import JobFolder
    from shardr.requests.facts import Facts


class ProcessingWork:
    """See ``Work``."""

    config = f"{ML}/config"
    ends_together = False
    tables = True
    kept_when_stopped = False

    def __init__(self, facts: Facts, request: dict[str, Any], job: JobFolder) -> None:
        self.facts, self._request, self._job = facts, request, job
        self.environment: dict[str, str] = {}

    def prepare(self, tree: Tree, host: str, hosts: list[str]) -> None:
        """Output folders, ``resourceconfig.json``, and the request as ``processingjobconfig.json``."""
        tree.make(*self.written(), self.config, f"{ML}/output")
        tree.write_json(f"{self.config}/resourceconfig.json", {"current_host": host, "hosts": hosts})
        tree.write_json(f"{self.config}/processingjobconfig.json", self._echo())

    def written(self) -> list[str]:
        """The paths of the outputs."""
        return [output.path for output in self.facts.outputs]

    def take(
        self, hosts: Sequence[str], inputs: Mapping[str, Sequence[Path]], counted: Mapping[str, int | None]
    ) -> Taken:
        """The outputs of all instances together, with their rows."""
        files = outputs.gather(self._request, self.facts.outputs, self._job, hosts)
        rows = accounts.rows_out(self._job, files)
        report = {
            "outputs": {name: {"rows": rows[name], "files": len(relatives)} for name, relatives in files.items()},
            "rows_out": accounts.total(rows.values()),
        }
        broken = accounts.broken_claim(self._request, inputs, self._job, files, counted, rows)
        return Taken(report, {output.name: output.uri for output in self.facts.outputs}, broken)

    def said(self, hosts: Sequence[str]) -> str | None:  # noqa: ARG002 - the service has no file for it
        """Nothing: only the log says."""
        return None

    def message(self, hosts: Sequence[str]) -> str:
        """What the instances wrote to ``output/message``."""
        limit = contract.MESSAGE_BYTES
        return contract.exit_message([Tree(self._job.instance(host)).written("message", limit) for host in hosts])

    def _echo(self) -> dict[str, Any]:
        """The request with the service's defaults filled in."""
        request = self._request
        cluster = request["ProcessingResources"]["ClusterConfig"]
        return {
            **{key: value for key, value in request.items() if key != "Tags"},
            "ProcessingJobArn": contract.arn(self.facts.kind, self.facts.name),
            "AppSpecification": {
                "ContainerEntrypoint": None,
                "ContainerArguments": None,
                **request["AppSpecification"],
            },
            "ProcessingInputs": [
                {**item, "S3Input": {**item["S3Input"], "S3DownloadMode": "StartOfJob"}} if "S3Input" in item else item
                for item in request.get("ProcessingInputs", [])
            ],
            "ProcessingOutputConfig": {"KmsKeyId": None, **request.get("ProcessingOutputConfig", {"Outputs": []})},
            "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": None, **cluster}},
            "StoppingCondition": {"MaxRuntimeInSeconds": self.facts.max_runtime_seconds},
        }
