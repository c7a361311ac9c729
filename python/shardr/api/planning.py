"""From a checked spec to a plan: every request compiled, every shard assigned, nothing touched."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from shardr.api.destinations import destination_problems
from shardr.api.hyperparameters import told
from shardr.api.planned_transform import Asked, joining_problems, transform_job
from shardr.api.planned_transform import asked as asked_of
from shardr.api.sources import (
    MANY,
    Located,
    NotLocatedError,
    kept_manifest,
    locate,
    not_there,
    place_of,
    require_folder,
)
from shardr.api.waste import repeated_work
from shardr.data.keys import assign, balance
from shardr.engines.base import Deposit, Plan, PlannedJob, PlannedStep, Spread
from shardr.errors import Problem
from shardr.local.contract import NAME_CHARACTERS, hosts
from shardr.requests.check import check_request
from shardr.requests.facts import FAST_FILE, artifact, created_by
from shardr.requests.placed import Placed
from shardr.requests.processing import processing_request
from shardr.requests.training import training_request
from shardr.spec.load import Loaded, refusal
from shardr.spec.parts import Manifest, StepOutput
from shardr.spec.script_step import ScriptStep
from shardr.spec.training import TrainingStep
from shardr.spec.transform import DATA, TRANSFORMED, TransformStep
from shardr.storage.local import list_files

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.engines.base import Engine
    from shardr.spec.load import Examined
    from shardr.spec.models import AnyStep
    from shardr.spec.parts import Channel


def make_plan(loaded: Loaded, engine: Engine, asked: str, run: str | None = None) -> Plan:
    """The plan of a spec on an engine; raises ``SpecError`` with everything that stands in its way.

    ``asked`` is the runner as asked for: ``auto`` is decided here.
    """
    run = run or new_run(loaded.pipeline.name)
    planner = _Planner(loaded, engine, run)
    uses = [planner.use(i, step) for i, step in enumerate(loaded.pipeline.steps)]
    runner, reason = engine.choose(asked, [use for use in uses if use is not None])
    planner.runner = runner
    planner.problems += destination_problems(loaded.pipeline, loaded.base)
    steps = [planner.step(i, step) for i, step in enumerate(loaded.pipeline.steps)]
    if planner.problems:
        raise refusal(loaded.origin, planner.problems)
    order = {step.name: i for i, step in enumerate(loaded.pipeline.in_order())}
    steps.sort(key=lambda step: order[step.name])
    deposits = list(dict.fromkeys(planner.deposits))
    named = partial(make_plan, loaded, engine, asked)
    return engine.finish(Plan(run, loaded.pipeline.name, runner, reason, steps, deposits, planner.notices, named=named))


def missing_files(examined: Examined, engine: Engine) -> list[Problem]:
    """Scripts and data that a spec names and that cannot be read, for a spec that may have other problems, too."""
    if examined.pipeline is None:
        return []
    planner = _Planner(Loaded(examined.pipeline, examined.base, examined.origin), engine, "run")
    for i, step in enumerate(examined.pipeline.steps):
        planner.files(i, step)
    return planner.problems


def new_run(name: str) -> str:
    """A fresh run id: the pipeline's name, the local time, and four random characters."""
    return f"{name[:24].rstrip('-')}-{datetime.now():%y%m%d-%H%M%S}-{secrets.token_hex(2)}"  # noqa: DTZ005 - for people


def job_name(run: str, *parts: str) -> str:
    """A name that the service takes, cut with a digest where the whole would be too long."""
    whole = "-".join([run, *parts])
    if len(whole) <= NAME_CHARACTERS:
        return whole
    return f"{whole[: NAME_CHARACTERS - 9].rstrip('-')}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


class _Planner:
    """Compiles steps one by one and gathers problems and deposits."""

    def __init__(self, loaded: Loaded, engine: Engine, run: str) -> None:
        self.runner = "process"
        self.problems: list[Problem] = []
        self.deposits: list[Deposit] = []
        self.notices: list[str] = []
        self._pipeline, self._base = loaded.pipeline, loaded.base
        self._engine, self._run = engine, run
        self._asked: dict[str, Asked] = {}

    def use(self, index: int, step: AnyStep) -> tuple[str, str] | None:
        """The image of a step and its program; None where the image is not known."""
        if not isinstance(step, TransformStep):
            return self._engine.image_uri(step.image), next(iter(step.entrypoint), "")
        image = self._model(index, step).image
        return None if image is None else (image, "")

    def _model(self, index: int, step: TransformStep) -> Asked:
        """The model that a step asks; one that cannot be had is a problem, and has no image."""
        try:
            found = asked_of(step, self._pipeline, self._base, self._engine, self._destination)
        except NotLocatedError as problem:
            self.problems.append(problem.at(f"steps[{index}].model"))
            found = Asked(None)
        self.deposits += found.deposits
        self._asked[step.name] = found
        return found

    def step(self, index: int, step: AnyStep) -> PlannedStep:
        at = f"steps[{index}]"
        found = {c.name: self._input(f"{at}.{step.source_at(i)}", c) for i, c in enumerate(step.channels)}
        code, script = self._code(f"{at}.code", step) if isinstance(step, ScriptStep) else (None, None)
        said = repeated_work(step, script) if isinstance(step, ScriptStep) else None
        self.notices += [said] if said else []
        parameters: list[dict[str, Any]] = []
        if isinstance(step, TrainingStep):
            path = self._script(step) if step.code is not None else None
            parameters, refused = told(path, step.hyperparameters, at)
            self.problems += refused
        outputs = {result.name: self._destination(step, result.name) for result in step.results}
        located = {name: place for name, place in found.items() if isinstance(place, Located)}
        placed = {name: place.placed if isinstance(place, Located) else place for name, place in found.items()}
        spreads = [self._spread(step, channel, located.get(channel.name)) for channel in step.channels]
        jobs = []
        if None not in placed.values():
            for suffix, inputs, where in self._shards(step, spreads, located, placed, outputs):
                jobs.append(self._job(at, step, suffix, inputs, where, code))
        return PlannedStep(
            step.name, step.needs, step.instance_count, step.max_attempts, jobs, spreads, step.cache, parameters
        )

    def files(self, index: int, step: AnyStep) -> None:
        """Looks for the step's script and for its data that no other step makes."""
        for i, channel in enumerate(step.channels):
            if not isinstance(channel.source, StepOutput):
                self._input(f"steps[{index}].{step.source_at(i)}", channel)
        if isinstance(step, ScriptStep):
            self._code(f"steps[{index}].code", step)
        elif isinstance(step.model, str):
            self._model(index, step)

    def _job(
        self, at: str, step: AnyStep, suffix: list[str], inputs: Any, outputs: dict[str, str], code: Any
    ) -> PlannedJob:
        tags = {"run": self._run, "step": step.name}
        if self._pipeline.permute is not None:
            tags["permute"] = str(self._pipeline.permute)
        if suffix:
            tags["shard"] = suffix[0]
        name = job_name(self._run, step.name, *suffix)
        given: dict[str, Any] = {"tags": tags, "own_tags": self._pipeline.tags}
        if isinstance(step, TransformStep):
            role, asked = self._engine.role_of(self._pipeline.role), self._asked[step.name]
            job = transform_job(name, step, asked, role, inputs[DATA], outputs[TRANSFORMED], given)
            wrong, doubtful = joining_problems(at, step)
            self.problems += wrong
            self.notices += [f"{step.name}: {problem.message} ({problem.fix})" for problem in doubtful]
        else:
            given |= {
                "job": name,
                "image_uri": self._engine.image_uri(step.image),
                "role": self._engine.role_of(self._pipeline.role),
                "inputs": inputs,
                "code": code,
            }
            if isinstance(step, TrainingStep):
                kept = self._checkpoints(step)
                request = training_request(step, output=self._model_folder(step), checkpoints=kept, **given)
            else:
                request = processing_request(step, outputs=outputs, **given)
            job = PlannedJob(name, request)
        refused = [problem for request in job.requests for problem in check_request(created_by(request), request)]
        if not refused and not (isinstance(step, TransformStep) and self._asked[step.name].image is None):
            refused = self._engine.refusals(job, self.runner)
        known = {problem.path for problem in self.problems}
        self.problems += [
            Problem(f"{at} ({problem.path})", problem.message, problem.fix)
            for problem in refused
            if f"{at} ({problem.path})" not in known
        ]
        return job

    def _input(self, at: str, channel: Channel) -> Located | Placed | None:
        fast = getattr(channel, "input_mode", "File") == FAST_FILE
        if isinstance(channel.source, StepOutput):
            made = self._destination(self._pipeline.step(channel.source.step), channel.source.output)
            if fast and not made.endswith("/"):
                what = f'output "{channel.source.output}" of step "{channel.source.step}" is one file'
                why = f"{made.rpartition('/')[2]}, and FastFile shows what lies in a folder"
                self.problems.append(Problem(at, f"{what}, {why}", "take input_mode File"))
            return Placed(made, "S3Prefix")
        source: str | Manifest = channel.source
        try:
            found = locate(source, self._base, self._engine)
            if fast and isinstance(source, str):
                require_folder(found, source)
        except NotLocatedError as problem:
            self.problems.append(problem.at(at))
            return None
        self.deposits += found.deposits
        return found

    def _code(self, at: str, step: ScriptStep) -> tuple[Placed | None, bytes | None]:
        """Where the code lies, and the script itself."""
        if step.code is None:
            return None, None
        path = self._script(step)
        try:
            content = path.read_bytes()
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                self.problems.append(not_there(step.code, path).at(at))
            else:
                message = f'"{step.code}" cannot be read: {error.strerror}'
                self.problems.append(Problem(at, message, fix=f"looked for {path}"))
            return Placed("s3://missing", "S3Prefix"), b""
        if not (isinstance(step, TrainingStep) and step.source_dir):
            uri = self._engine.kept_uri("code", content, path.name)
            self.deposits.append(Deposit(uri, content=content))
            return Placed(uri, "S3Prefix"), content
        base = self._folder(step)
        files = {key: (base / key).read_bytes() for key in list_files(base)}
        whole = b"".join(b"%d %s %b" % (len(files[key]), os.fsencode(key), files[key]) for key in files)
        prefix = self._engine.kept_uri("code", whole, "")
        self.deposits += [Deposit(f"{prefix}{key}", content=content) for key, content in files.items()]
        return Placed(prefix, "S3Prefix"), content

    def _folder(self, step: ScriptStep) -> Path:
        """The folder that a step's code is a path in."""
        named = step.source_dir if isinstance(step, TrainingStep) else None
        return self._base if named is None else place_of(named, self._base)

    def _script(self, step: ScriptStep) -> Path:
        return place_of(step.code or "", self._folder(step))

    def _destination(self, step: AnyStep, name: str) -> str:
        """Where an output of a step goes."""
        if isinstance(step, TrainingStep):
            name_of_job = job_name(self._run, step.name)
            request = {"TrainingJobName": name_of_job, "OutputDataConfig": {"S3OutputPath": self._model_folder(step)}}
            return artifact(request, name)
        result = next(result for result in step.results if result.name == name)
        default = f"{self._engine.run_uri(self._run)}/{step.name}/{name}/"
        return self._placed_at(result.destination, default, f"{step.name}.{name}")

    def _model_folder(self, step: TrainingStep) -> str:
        """Below which the service makes a folder with the job's name for its model."""
        default = f"{self._engine.run_uri(self._run)}/{step.name}/"
        return self._placed_at(step.destination, default, f"{step.name}.model").rstrip("/")

    def _checkpoints(self, step: TrainingStep) -> str | None:
        if isinstance(step.checkpoints, str):
            return step.checkpoints
        return f"{self._engine.run_uri(self._run)}/{step.name}/checkpoints/" if step.checkpoints else None

    def _placed_at(self, destination: str | None, default: str, what: str) -> str:
        """The URI of a destination of the user's, and the default where there is none."""
        if destination is None:
            return default
        if destination.startswith("s3://"):
            return destination.rstrip("/") + "/"
        folder = place_of(destination, self._base)
        uri, deposit = self._engine.output_uri(default, folder)
        if deposit is None:
            told = f"{what} stays in {uri}, not in {destination}: `shardr collect` brings it here"
            self.notices += [told] if told not in self.notices else []
        else:
            self.deposits.append(deposit)
        return uri

    def _spread(self, step: AnyStep, channel: Channel, found: Located | None) -> Spread:
        mode = getattr(channel, "input_mode", "File")
        if found is None or not found.listing.known:
            return Spread(channel.name, channel.distribution, mode=mode)
        keys, names = found.listing.keys, hosts(step.instance_count)
        balanced = channel.distribution == "balanced"
        sizes = found.listing.sizes() if balanced or len(keys) <= MANY else []
        if balanced:
            shards = balance(sizes, step.instance_count)
            names = [f"shard-{i}" for i in range(1, step.instance_count + 1)]
        elif channel.distribution == "ShardedByS3Key":
            shards = assign(keys, step.instance_count, self._pipeline.permute)
        else:
            shards = [keys] * step.instance_count
        spread = dict(zip(names, shards, strict=True))
        if len(keys) > MANY:
            return Spread(channel.name, channel.distribution, spread, mode=mode)
        weight = dict(sizes)
        return Spread(
            channel.name,
            channel.distribution,
            spread,
            {host: sum(weight[key] for key in share) for host, share in spread.items()},
            mode,
        )

    def _shards(
        self,
        step: AnyStep,
        spreads: list[Spread],
        located: dict[str, Located],
        placed: dict[str, Any],
        outputs: dict[str, str],
    ) -> list[tuple[list[str], dict[str, Any], dict[str, str]]]:
        """The jobs of a step: its one, or one for each balanced shard that has keys."""
        balanced = next((spread for spread in spreads if spread.distribution == "balanced"), None)
        if balanced is None:
            return [([], placed, outputs)]
        found = located[balanced.input]
        jobs: list[Any] = []
        if not found.listing.known:
            what = f'step "{step.name}": how large the objects of {balanced.input} are must be known to balance them'
            self.problems.append(Problem("", what, "sign in to AWS"))
        for shard, keys in balanced.keys.items():
            if keys:
                uri = found.deposits[0].uri if found.placed.data_type == "ManifestFile" else found.placed.uri
                manifest = kept_manifest(self._engine, uri[: uri.rfind("/") + 1], keys)
                self.deposits.append(manifest)
                inputs = {**placed, balanced.input: Placed(manifest.uri, "ManifestFile")}
                jobs.append(([shard], inputs, {name: f"{where}{shard}/" for name, where in outputs.items()}))
        return jobs
