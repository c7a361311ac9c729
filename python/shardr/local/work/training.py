"""A training job: the config files of its instances, and what they left as one model and one output archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.data.archive import pack
from shardr.local import checkpoints, contract, metrics, outputs
from shardr.local.contract import Tree, tag
from shardr.local.work import Taken
from shardr.requests.facts import MODEL
from shardr.requests.facts import checkpoints as checkpoints_of
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shardr.local.home import JobFolder
    from shardr.requests.facts import Facts
    from shardr.storage.local import LocalStorage

ARTIFACTS = "artifacts"


class TrainingWork:
    """See ``Work``."""

    config = f"{ML}/input/config"
    ends_together = True
    kept_when_stopped = True

    def __init__(self, facts: Facts, request: dict[str, Any], job: JobFolder, storage: LocalStorage) -> None:
        self.facts, self._request, self._job, self._storage = facts, request, job, storage
        self.tables = facts.entrypoint is not None  # what an image's own algorithm reads, only it knows
        arn = contract.arn(facts.kind, facts.name)
        self.environment = {"TRAINING_JOB_NAME": facts.name, "TRAINING_JOB_ARN": arn}

    def prepare(self, tree: Tree, host: str, hosts: list[str]) -> None:
        """Folders, config files, and the checkpoints that are there already."""
        tree.make(*self.written(), self.config, f"{ML}/output", f"{ML}/input/data")
        group = {"instance_group_name": "homogeneousCluster", "instance_type": self.facts.instance_type}
        files: dict[str, Any] = {
            "resourceconfig": {
                "current_host": host,
                "current_instance_type": self.facts.instance_type,
                "current_group_name": group["instance_group_name"],
                "hosts": hosts,
                "instance_groups": [{**group, "hosts": hosts}],
                "network_interface_name": "eth0",
            },
            "hyperparameters": self._request.get("HyperParameters", {}),
            "inputdataconfig": {channel["ChannelName"]: _told(channel, self._request) for channel in self._channels},
        }
        where = checkpoints_of(self._request)
        if where is not None:
            files["checkpointconfig"] = {"LocalPath": where[0], "S3Uri": where[1]}
            checkpoints.restore(self._storage.path(where[1]), tree.at(where[0]))
        for name, content in files.items():
            tree.write_json(f"{self.config}/{name}.json", content)

    @property
    def _channels(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._request.get("InputDataConfig", [])
        return found

    def written(self) -> list[str]:
        """The folders of the model and of other output, and that of checkpoints where there is one."""
        where = checkpoints_of(self._request)
        return [*(output.path for output in self.facts.outputs), *([where[0]] if where else [])]

    def take(
        self,
        hosts: Sequence[str],
        inputs: Mapping[str, Sequence[Path]],  # noqa: ARG002 - a model has no rows that could be held to those
        counted: Mapping[str, int | None],  # noqa: ARG002
    ) -> Taken:
        """The files of all instances in one archive, and the metrics that were logged."""
        notices = []
        files = {}
        (self._job.staged / ARTIFACTS).mkdir(parents=True, exist_ok=True)
        for output in self.facts.outputs:
            folders = outputs.folders(output, self._job, hosts)
            archive = self._job.staged / ARTIFACTS / output.uri.rstrip("/").rpartition("/")[2]
            rule = tag(self._request, f"on-collision:{output.name}", "error")
            files[output.name] = pack(folders, archive, rule, compressed=not output.uri.endswith("/"))
            if output.name == MODEL and not files[MODEL]:
                notices.append(f"no instance wrote a file to {output.path}: the model is empty")
        found, missing = metrics.final(self._request, [self._job.log(host) for host in hosts])
        notices += [f"metric {name}: no line of the log matches {regex}" for name, regex in missing.items()]
        report = {
            "metrics": found,
            "outputs": {name: {"rows": None, "files": len(names)} for name, names in files.items()},
        }
        return Taken(report, {ARTIFACTS: self.facts.uri(MODEL).rstrip("/").rpartition("/")[0] + "/"}, notices=notices)

    def said(self, hosts: Sequence[str]) -> str | None:
        """What the first instance that wrote one has in ``output/failure``."""
        limit = contract.REASON_CHARACTERS
        for host in hosts:
            found = Tree(self._job.instance(host)).written("failure", 4 * limit)
            if found.strip():
                return found.decode("utf-8", "backslashreplace").strip()[:limit]
        return None

    def message(self, hosts: Sequence[str]) -> str:  # noqa: ARG002
        """Nothing: training jobs have none."""
        return ""


def _told(channel: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, str]:
    """A channel as ``inputdataconfig.json`` has it."""
    source = channel["DataSource"].get("S3DataSource", {})
    mode = request["AlgorithmSpecification"].get("TrainingInputMode", "File")
    content = {"ContentType": channel["ContentType"]} if "ContentType" in channel else {}
    return {
        **content,
        "TrainingInputMode": channel.get("InputMode", mode),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
