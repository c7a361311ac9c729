"""The accounts of AWS that keep built-in algorithms, against the lists that the SDK ships."""

from __future__ import annotations

import json

import clients
import pytest

from shardr.local.builtin import ALGORITHMS


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("name", ["kmeans", "pca", "xgboost"])
def test_the_accounts_are_those_that_the_sdk_lists(name: str, version: str) -> None:
    folder = clients.python(f"sagemaker-{version}").parents[1]
    lists = list(folder.glob(f"lib/*/site-packages/sagemaker/**/image_uri_config/{name}.json"))
    assert lists
    for each in lists:
        told = json.loads(each.read_text())
        versions = told.get("versions") or told["training"]["versions"]
        found = {account for about in versions.values() for account in about["registries"].values()}
        assert found == ALGORITHMS[name].accounts
