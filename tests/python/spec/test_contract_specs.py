"""Both halves write the same canonical JSON: each case of tests/contract/specs, built here from the models.

The R half builds the same specs with its own verbs, in tests/testthat/test-spec-contract.R.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardr.spec.canonical import canonical_json
from shardr.spec.load import load
from shardr.spec.models import Parameter, Pipeline
from shardr.spec.parts import Expect, Input, Manifest, Output, StepOutput
from shardr.spec.processing import ProcessingStep
from shardr.spec.training import TrainingInput, TrainingStep
from shardr.spec.transform import KnownModel, TrainedModel, TransformStep

FOLDER = Path(__file__).parents[2] / "contract" / "specs"
CASES = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}


def _one(**fields: object) -> Pipeline:
    return Pipeline(name="one", steps=[ProcessingStep(name="a", **fields)])  # type: ignore[arg-type]


def _trains(**fields: object) -> Pipeline:
    return Pipeline(name="one", steps=[TrainingStep(name="a", type="training", **fields)])  # type: ignore[arg-type]


def _asks(**fields: object) -> Pipeline:
    return Pipeline(name="one", steps=[TransformStep(name="a", type="transform", **fields)])  # type: ignore[arg-type]


BUILT: dict[str, Pipeline] = {
    "smallest": _one(code="a.R"),
    "bank-marketing": Pipeline(
        name="bank-marketing",
        steps=[
            ProcessingStep(
                name="filter",
                code="filter.R",
                inputs=[Input(name="raw", source="dataset/", distribution="ShardedByS3Key")],
                outputs=[Output(name="filtered")],
                instance_count=2,
                expect=Expect(rows="preserved"),
            ),
            ProcessingStep(
                name="split",
                code="process.R",
                inputs=[Input(name="filtered", source=StepOutput(step="filter", output="filtered"))],
                outputs=[Output(name=name) for name in ("train", "validation", "test")],
                expect=Expect(rows="partitioned"),
            ),
        ],
    ),
    "utf-8-in-paths": _one(
        code="Größe/模型 1.R",
        inputs=[Input(name="raw", source="données d'été/")],
        environment={"TITLE": "naïve 😀"},
    ),
    "references-in-text": Pipeline(
        name="one",
        parameters={
            "data": Parameter(type="path", default="dataset/"),
            "top": Parameter(default="5", description="How many."),
        },
        steps=[
            ProcessingStep(
                name="a",
                code="a.R",
                inputs=[Input(name="raw", source="${data}")],
                arguments=["--top=${top}", "$5 {x}"],
            )
        ],
    ),
    "lists-of-one": Pipeline(
        name="one",
        steps=[
            ProcessingStep(name="b", code="b.R"),
            ProcessingStep(
                name="a", code="a.R", command=["Rscript"], arguments=["x"], outputs=[Output(name="o")], depends_on=["b"]
            ),
        ],
    ),
    "empty-lists-and-maps": Pipeline(
        name="one",
        parameters={},
        steps=[
            ProcessingStep(name="a", code="a.R", arguments=[], environment={}, inputs=[], outputs=[], depends_on=[])
        ],
    ),
    "defaults-given": Pipeline(
        name="one",
        runner="auto",
        steps=[
            ProcessingStep(
                name="a",
                code="a.R",
                image="processing",
                instance_count=1,
                instance_type="ml.m5.large",
                volume_size_gb=30,
                max_runtime_seconds=86_400,
                max_attempts=1,
                network_isolation=False,
                inputs=[Input(name="raw", source="d/", distribution="FullyReplicated")],
                outputs=[Output(name="o", on_collision="error")],
            )
        ],
    ),
    "all-fields": Pipeline(
        name="one",
        description="All there is.",
        runner="process",
        permute=0,
        steps=[
            ProcessingStep(name="b", code="b.py"),
            ProcessingStep(name="c", code="c.sh"),
            ProcessingStep(
                name="a",
                image="012345678901.dkr.ecr.eu-west-1.amazonaws.com/r:4.2",
                command=["Rscript", "--vanilla"],
                code="a.R",
                arguments=["--x", "1"],
                environment={"A": "b"},
                instance_count=100,
                instance_type="ml.m5.xlarge",
                volume_size_gb=16_384,
                max_runtime_seconds=777_600,
                max_attempts=3,
                network_isolation=True,
                depends_on=["b", "c"],
            )
        ],
    ),
    "fields-of-aws": Pipeline(
        name="one",
        role="arn:aws:iam::123456789012:role/service-role/shardr",
        tags={"project": "bank", "cost centre": "42"},
        steps=[
            ProcessingStep(name="b", code="b.R", subnets=["subnet-1"], security_group_ids=["sg-1"], cache="PT12H"),
            ProcessingStep(
                name="a",
                code="a.R",
                encrypt_traffic=True,
                subnets=["subnet-1", "subnet-2"],
                security_group_ids=["sg-1", "sg-2"],
                volume_kms_key="alias/disks",
                output_kms_key="arn:aws:kms:eu-west-1:123456789012:key/1234abcd",
                cache="P30D",
                outputs=[Output(name="o")],
            ),
        ],
    ),
    "numbers-as-text": _one(code="a.R", arguments=["2", "0.1", "100000", "-3"], environment={"N": "7"}),
    "keys-in-code-point-order": _one(
        code="a.R", environment={"a_2": "1", "a10": "2", "é": "3", "B1": "4", "a1": "5", "😀": "6", "ﬁ": "7", "_": "8"}
    ),
    "escapes": _one(code="a.R", arguments=['"', "\\", "/", "\n\t\r\b\f", "\x01\x0b\x1f", "\x7f", "<&>", "\u2028"]),
    "outputs-in-full": _one(
        code="a.R",
        outputs=[
            Output(name="o", path="/opt/ml/processing/o", destination="out/", on_collision="last_wins"),
            Output(name="p", on_collision="prefix_host"),
        ],
    ),
    "kinds-of-source": Pipeline(
        name="one",
        steps=[
            ProcessingStep(name="b", code="b.R", outputs=[Output(name="o")]),
            ProcessingStep(
                name="a",
                code="a.R",
                inputs=[
                    Input(name="a", source="data/*.csv"),
                    Input(name="b", source="s3://bucket/prefix/", path="/opt/ml/processing/b"),
                    Input(name="c", source=Manifest(manifest="list.json")),
                    Input(name="d", source=StepOutput(step="b", output="o"), distribution="ShardedByS3Key"),
                ],
            ),
        ],
    ),
    "balanced": _one(
        code="a.py", instance_count=3, inputs=[Input(name="raw", source="d/", distribution="balanced")]
    ),
    "claims": _one(
        code="a.R",
        inputs=[Input(name="raw", source="d/"), Input(name="more", source="e/")],
        outputs=[Output(name="o"), Output(name="p")],
        expect=Expect(rows="fewer", inputs=["raw"], outputs=["o", "p"]),
    ),
    "parameters": Pipeline(
        name="one",
        parameters={
            "whole": Parameter(type="integer", default=0),
            "none": Parameter(type="integer", default=None),
            "large": Parameter(type="integer", default=2**40),
            "sum": Parameter(type="number", default=0.1 + 0.2),
            "small": Parameter(type="number", default=1e-7),
            "huge": Parameter(type="number", default=1e20),
            "three": Parameter(type="number", default=3),
            "flag": Parameter(type="boolean", default=False),
            "text": Parameter(type="string", default=""),
        },
        steps=[ProcessingStep(name="a", code="a.R")],
    ),
    "steps-by-a-parameter": Pipeline(
        name="one",
        parameters={"mode": Parameter(default="b")},
        steps=[
            ProcessingStep(name="a", code="a.R", when="${mode} == a"),
            ProcessingStep(name="b", code="b.R", when="${mode} != a"),
            ProcessingStep(name="c", code="c.R", when=False),
        ],
    ),
    "training-smallest": _trains(code="train.R"),
    "training-all-fields": _trains(
        image="python",
        command=["python3", "-u"],
        code="train.py",
        source_dir="src/",
        arguments=["--verbose"],
        hyperparameters={"top_k": 10, "center": True},
        environment={"LEVEL": "debug"},
        instance_count=2,
        instance_type="ml.m5.xlarge",
        volume_size_gb=50,
        max_runtime_seconds=3600,
        max_attempts=2,
        network_isolation=True,
        encrypt_traffic=True,
        subnets=["subnet-1"],
        security_group_ids=["sg-1"],
        volume_kms_key="alias/disks",
        output_kms_key="alias/models",
        cache="P30D",
        inputs=[
            TrainingInput(name="train", source="data/", distribution="ShardedByS3Key", content_type="text/csv"),
            TrainingInput(name="all", source="s3://bucket/all/", input_mode="FastFile"),
        ],
        metrics=["validation:rmse", "train:rmse"],
        destination="s3://bucket/models/",
        on_collision="prefix_host",
        retry_attempts=3,
        keep_alive_seconds=600,
    ),
    "training-of-an-image": _trains(
        image="xgboost",
        hyperparameters={"objective": "reg:squarederror", "num_round": 50, "eta": 0.1},
        inputs=[TrainingInput(name="train", source="data/", content_type="text/csv")],
    ),
    "training-on-spot-instances": _trains(
        code="train.R",
        source_dir="src",
        metrics={"validation:rmse": "rmse=([0-9.]+)", "loss": r"loss: (\S+)"},
        spot=True,
        max_wait_seconds=172_800,
        checkpoints="s3://bucket/checkpoints/",
        interruptions=[2, 0.5],
    ),
    "inputs-that-are-streamed": _one(
        code="a.R",
        instance_count=2,
        inputs=[
            Input(name="raw", source="data/", distribution="balanced", input_mode="Pipe"),
            Input(
                name="packed",
                source=Manifest(manifest="list.json"),
                path="/opt/ml/processing/packed",
                input_mode="Pipe",
                compression_type="Gzip",
            ),
            Input(name="plain", source="more/", input_mode="File", compression_type="None"),
        ],
    ),
    "channels-that-are-streamed": _trains(
        code="train.R",
        inputs=[
            TrainingInput(
                name="pictures",
                source="s3://bucket/lines.jsonl",
                input_mode="Pipe",
                record_wrapper_type="RecordIO",
                shuffle_seed=7,
                attribute_names=["source-ref", "label"],
            ),
            TrainingInput(
                name="train",
                source="data/",
                distribution="ShardedByS3Key",
                input_mode="Pipe",
                compression_type="Gzip",
            ),
        ],
    ),
    "training-defaults-given": _trains(
        code="train.R",
        hyperparameters={},
        metrics=[],
        interruptions=[],
        checkpoints=False,
        spot=False,
        on_collision="error",
        max_runtime_seconds=86_400,
        inputs=[TrainingInput(name="train", source="data/", distribution="FullyReplicated", input_mode="File")],
    ),
    "training-hyperparameters": _trains(
        code="train.R",
        checkpoints=True,
        hyperparameters={
            "text": "a b", "whole": 3, "part": 0.1, "small": 1e-7, "large": 1e20, "yes": True, "no": False,
            "kinds": ["a", "é"], "layers": [64, 32], "mixed": {"b": [1, 0.5], "a": True}, "one": ["x"],
            "dotted.name": 1,
        },
    ),
    "training-between-processing": Pipeline(
        name="bank",
        steps=[
            ProcessingStep(name="split", code="split.R", outputs=[Output(name="train"), Output(name="test")]),
            TrainingStep(
                name="train",
                type="training",
                code="train.R",
                inputs=[TrainingInput(name="train", source=StepOutput(step="split", output="train"))],
            ),
            ProcessingStep(
                name="score",
                code="score.R",
                inputs=[
                    Input(name="model", source=StepOutput(step="train", output="model")),
                    Input(name="test", source=StepOutput(step="split", output="test")),
                ],
                outputs=[Output(name="scores")],
            ),
        ],
    ),
    "transform-smallest": _asks(model="model.tar.gz", image="xgboost", input="data/"),
    "transform-all-fields": _asks(
        model="s3://bucket/model.tar.gz", image="pca", input=Manifest(manifest="list.json"), content_type="text/csv",
        split_type="Line", compression="Gzip", csv_lines=True, strategy="SingleRecord", max_payload_mb=10,
        max_concurrent_transforms=4, invocations_timeout_seconds=60, invocations_max_retries=0, accept="text/csv",
        assemble_with="Line", input_filter="$[1:]", join_source="Input", output_filter="$[0,-1]",
        environment={"LEVEL": "debug", "TOP": 10}, destination="s3://bucket/answers/", instance_count=2,
        instance_type="ml.m5.xlarge", max_attempts=2, network_isolation=True, subnets="subnet-1",
        security_group_ids="sg-1", volume_kms_key="alias/disks", output_kms_key="alias/answers", cache="P30D",
    ),
    "transform-after-training": Pipeline(
        name="movies",
        steps=[
            ProcessingStep(name="prepare", code="prepare.R", outputs=[Output(name="train"), Output(name="test")]),
            TrainingStep(
                name="train",
                type="training",
                code="train.R",
                inputs=[TrainingInput(name="train", source=StepOutput(step="prepare", output="train"))],
            ),
            TransformStep(
                name="ask",
                type="transform",
                model=TrainedModel(step="train", output="model"),
                input=StepOutput(step="prepare", output="test"),
                split_type="Line",
                compression="None",
                assemble_with="Line",
            ),
            TransformStep(
                name="again",
                type="transform",
                model=KnownModel(model_name="known"),
                input=StepOutput(step="ask", output="transformed"),
            ),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BUILT))
def test_the_models_give_the_text_of_the_case(case: str) -> None:
    assert canonical_json(BUILT[case]) == CASES[case]["canonical"]


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_text_of_the_case_reads_back_as_itself_or_as_what_its_parameters_make_of_it(case: str) -> None:
    """What R sends is read here; references are filled in on reading."""
    text = CASES[case]["canonical"]
    assert canonical_json(load(json.loads(text)).pipeline) == CASES[case].get("filled", text)


def test_each_case_is_built_from_models_or_has_a_reference_that_only_a_file_can_have() -> None:
    assert {case for case in CASES if "filled" not in CASES[case]} <= set(BUILT) <= set(CASES)


@pytest.mark.parametrize("case", ["training-smallest", "transform-smallest"])
def test_a_step_made_by_its_class_need_not_say_its_kind(case: str) -> None:
    [step] = BUILT[case].steps
    fields = {name: getattr(step, name) for name in step.model_fields_set - {"type"}}
    made = Pipeline(name="one", steps=[type(step)(**fields)])
    assert made == BUILT[case]
    assert canonical_json(made) == canonical_json(BUILT[case])
    assert load(made).pipeline == made
    assert load({"name": "one", "steps": [type(step)(**fields)]}).pipeline == made


def test_to_a_type_checker_the_kind_has_a_default() -> None:
    assert TrainingStep(name="a", code="a.R").type == "training"
    assert TransformStep(name="a", model="model.tar.gz", input="data/").type == "transform"
