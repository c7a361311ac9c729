"""Structures, lists, maps, unions and documents, and the words of their problems."""

from __future__ import annotations

from typing import Any

import pytest

from shardr.requests.check import check_request
from shardr.requests.service_model import ServiceModel
from shardr.requests.shapes import check_shape

TOY = ServiceModel(
    "toy",
    {},
    {
        "Word": {"type": "string", "max": 3, "pattern": "[a-z]*"},
        "Words": {"type": "list", "member": {"shape": "Word"}, "min": 1, "max": 2},
        "Notes": {"type": "map", "key": {"shape": "Word"}, "value": {"shape": "Word"}, "max": 1},
        "Empty": {"type": "structure", "members": {}},
        "Free": {"type": "structure", "members": {}, "document": True},
        "Either": {
            "type": "structure",
            "union": True,
            "members": {"Left": {"shape": "Word"}, "Right": {"shape": "Word"}},
        },
        "Tree": {
            "type": "structure",
            "required": ["Name"],
            "members": {"Name": {"shape": "Word"}, "Trees": {"shape": "Trees"}},
        },
        "Trees": {"type": "list", "member": {"shape": "Tree"}},
    },
)


def said(shape: str, value: Any, path: str = "") -> list[str]:
    return [str(problem) for problem in check_shape(TOY, shape, value, path)]


def test_a_value_that_fits_has_no_problem() -> None:
    assert said("Tree", {"Name": "a", "Trees": [{"Name": "b", "Trees": []}]}) == []
    assert said("Notes", {"a": "b"}) == []
    assert said("Words", ("a", "b")) == []
    assert said("Either", {"Left": "a"}) == []


def test_problems_of_a_shape_within_itself_have_their_whole_path() -> None:
    assert said("Tree", {"Trees": [{"Name": "a", "Trees": [{"Nmae": "b"}]}]}) == [
        "Name: is required",
        "Trees[0].Trees[0].Name: is required",
        'Trees[0].Trees[0].Nmae: is not a member of Tree; did you mean "Name"?',
    ]


def test_an_unknown_member_is_told_with_the_nearest_or_with_all() -> None:
    assert said("Tree", {"Name": "a", "trees": []}) == ['trees: is not a member of Tree; did you mean "Trees"?']
    assert said("Tree", {"Name": "a", "x": 1}, "Root") == ["Root.x: is not a member of Root (it has Name, Trees)"]
    assert said("Empty", {"x": 1}) == ["x: is not a member of Empty, which has none"]
    assert said("Tree", {"Name": "a", 7: 1}) == ["7: is not a member of Tree (it has Name, Trees)"]


def test_members_are_listed_up_to_twelve() -> None:
    (problem,) = check_request("CreateTrainingJob", {"zzz": 1, **training_job()})
    assert problem.fix is not None
    assert problem.fix.startswith("it has TrainingJobName, ")
    assert problem.fix.endswith(", …")
    assert problem.fix.count(",") == 12


def training_job() -> dict[str, Any]:
    return {
        "TrainingJobName": "a",
        "AlgorithmSpecification": {"TrainingImage": "a", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/a",
        "OutputDataConfig": {"S3OutputPath": "s3://a/"},
        "ResourceConfig": {"VolumeSizeInGB": 1, "InstanceType": "ml.m5.large", "InstanceCount": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1},
    }


def test_the_owner_of_an_unknown_member_is_called_as_in_the_request_and_not_by_its_shape() -> None:
    request = {
        "ProcessingInputs": [{"InputName": "a", "S3Input": {"S3Uri": "s3://a", "S3DataType": "S3Prefix", "S3URI": 1}}]
    }
    said = [str(p) for p in check_request("CreateProcessingJob", request) if "S3URI" in p.path]
    assert said == ['ProcessingInputs[0].S3Input.S3URI: is not a member of S3Input; did you mean "S3Uri"?']


@pytest.mark.parametrize(
    ("shape", "value", "message"),
    [
        ("Tree", "a", 'At: found "a", expected a map of members'),
        ("Tree", None, "At: found nothing, expected a map of members (leave it out instead of setting it to nothing)"),
        ("Words", "a", 'At: found "a", expected a list (put it in a list)'),
        ("Words", {"a": 1}, "At: found a map of 1, expected a list"),
        ("Words", [], "At: found 0 items, expected at least 1 item"),
        ("Words", ["a", "b", "c"], "At: found 3 items, expected at most 2 items"),
        ("Notes", ["a"], "At: found a list of 1, expected a map from names to values"),
        ("Notes", {"a": "b", "c": "d"}, "At: found 2 entries, expected at most 1 entry"),
        ("Notes", {"a": "B"}, 'At["a"]: found "B", expected a match of the pattern [a-z]*'),
        ("Notes", {"A": "b"}, 'At["A"]: the name is refused: found "A", expected a match of the pattern [a-z]*'),
        ("Either", {}, "At: has nothing set, expected exactly one of Left, Right"),
        ("Either", {"Left": "a", "Right": "b"}, "At: has Left, Right set, expected exactly one of Left, Right"),
    ],
)
def test_a_container_that_does_not_fit_is_told_in_one_line(shape: str, value: Any, message: str) -> None:
    assert said(shape, value, "At") == [message]


def test_a_document_is_any_json_value() -> None:
    assert said("Free", {"a": [1, 2.5, "x", None, True, {"b": []}]}) == []
    assert said("Free", None) == []
    assert said("Free", {"a": {"b": [b"x"]}}, "At") == [
        'At["a"]["b"][0]: found a value of type bytes, expected plain JSON data'
    ]
    assert said("Free", [float("nan")], "At") == ["At[0]: found nan, which JSON cannot carry"]
    assert said("Free", {7: 1}, "At") == ["At[7 (int)]: found 7 (int), expected a name that is a string"]


def test_a_document_of_a_real_service_is_checked() -> None:
    tool = {"toolSpec": {"name": "a", "inputSchema": {"json": {"type": {1, 2}}}}}
    request = {"modelId": "a", "toolConfig": {"tools": [tool]}}
    (problem,) = check_request("Converse", request, "bedrock-runtime")
    assert problem.path == 'toolConfig.tools[0].toolSpec.inputSchema.json["type"]'
    assert problem.message == "found a value of type set, expected plain JSON data"
