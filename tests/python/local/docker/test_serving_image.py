"""Models with code in their archive, in the images that serve them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import image_world
import pytest

import shardr
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = {
    "serving": (
        "predict.R",
        'model_fn <- function(dir) read.csv(file.path(dir, "model.csv"))$a\n'
        "predict_fn <- function(model, data) data$V1 * model\n",
    ),
    "python": (
        "inference.py",
        'model_fn = lambda dir: int(open(dir + "/model.csv").read().split()[1])\n'
        "predict_fn = lambda model, data: [row[0] * model for row in data]\n",
    ),
}


@pytest.fixture(scope="module")
def network(docker_host: str) -> Iterator[str]:
    with image_world.network() as id:
        yield id


@pytest.mark.alone
@pytest.mark.parametrize("image", CODE)
def test_a_model_is_served_by_its_code_and_not_by_root_and_sigterm_ends_it(
    image: str, network: str, tmp_path: Path
) -> None:
    folder = image_world.training(tmp_path / "ml", {}, {})
    (folder / "model/model.csv").write_text("a\n3\n")
    (folder / "model/code").mkdir()
    name, code = CODE[image]
    (folder / f"model/code/{name}").write_text(code)
    with image_world.container(shardr.build_image(image).uri, "serve", folder=folder, network=network) as id:
        served = image_world.served(id)
        status, text = served.ask("POST", "/invocations", "1\n2\n")
        assert (status, [float(line) for line in text.splitlines()]) == (200, [3, 6])
        assert served.ask("POST", "/invocations", "1\n2,3\n")[0] == 400
        table = connect().top(id, ps_args="-ww -eo uid,pid,args")
        assert {row[0] for row in table["Processes"]} == {"1000"}
        begun = time.monotonic()
        connect().kill(id, "TERM")
        assert connect().wait(id)["StatusCode"] == 0
        assert time.monotonic() - begun < 2
