"""Names of images, taken apart as registries and the daemon do."""

from __future__ import annotations

import pytest

from shardr.local.docker.names import Name, fitting, parsed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bank", Name("docker.io", "bank", "")),
        ("team/bank:1.0", Name("docker.io", "team/bank", "1.0")),
        ("docker.io/team/bank", Name("docker.io", "team/bank", "")),
        ("localhost/bank", Name("localhost", "bank", "")),
        ("localhost:5000/a/b_c:x", Name("localhost:5000", "a/b_c", "x")),
        ("registry.example.org/bank", Name("registry.example.org", "bank", "")),
        ("[::1]:5000/bank", Name("[::1]:5000", "bank", "")),
    ],
)
def test_a_name_has_a_host_a_path_and_a_tag(text: str, name: Name) -> None:
    assert parsed(text) == name


@pytest.mark.parametrize(
    "text", ["", "Bank", "a b", "https://x.org/a", "a//b", "a/", "/a", "a:", "a:b:c", "a--_b", "x" * 256, "Team/bank"]
)
def test_what_no_image_can_be_named_is_none(text: str) -> None:
    assert parsed(text) is None


def test_the_daemon_calls_docker_hub_nothing() -> None:
    assert Name("docker.io", "team/bank", "").repository == "team/bank"
    assert Name("localhost:5000", "bank", "").repository == "localhost:5000/bank"


@pytest.mark.parametrize("text", ["Mein Projekt (2)", "a__b--c", "größe", "…", "-x-"])
def test_any_text_has_a_fitting_name(text: str) -> None:
    assert parsed(fitting(text)) is not None
