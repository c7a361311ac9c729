"""What `make dist` builds installs alone, in a clean place, and runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

REPO = Path(__file__).resolve().parents[2]
VERSION = re.search(r"^Version: (\S+)$", (REPO / "DESCRIPTION").read_text(), re.MULTILINE)[1]

needs_r = pytest.mark.skipif(not shutil.which("R"), reason="R is not on the PATH; `make test` installs it")


def run(*command: object, cwd: Path, **environment: str) -> str:
    """What a program prints on stdout; a failure shows all that it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def build(source: Path, to: Path, kind: str) -> Path:
    run(sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", to, source, cwd=to)
    (built,) = to.glob("*.whl" if kind == "wheel" else "shardr-*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(REPO, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python of a new environment that holds the wheel; its dependencies are lent, to save downloading them."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", wheel, cwd=folder)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run(python, "-c", ask, cwd=folder).strip())
    # A folder named in a .pth file is looked in, but the .pth files in it, such as shardr's own, are not.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    run(sys.executable, REPO / "tools" / "rpackage.py", "build", folder, cwd=folder)
    return folder / f"shardr_{VERSION}.tar.gz"


def test_the_wheel_installs_alone_and_its_command_runs(clean_python: Path, tmp_path: Path) -> None:
    assert "Usage" in run(clean_python.parent / "shardr", "--help", cwd=tmp_path)


def test_the_installed_wheel_has_the_version_in_description(clean_python: Path, tmp_path: Path) -> None:
    code = "import shardr; print(shardr.__version__, shardr.__file__)"
    version, file = run(clean_python, "-c", code, cwd=tmp_path).split(maxsplit=1)
    assert version == VERSION
    assert Path(file.strip()).is_relative_to(clean_python.parents[1])


def test_the_installed_wheel_finds_the_shared_files(clean_python: Path, tmp_path: Path) -> None:
    code = "from shardr._inst import inst; print(inst('schema', 'job.schema.json').read_text())"
    assert run(clean_python, "-c", code, cwd=tmp_path) == (REPO / "inst/schema/job.schema.json").read_text() + "\n"


def test_every_file_of_inst_is_in_the_wheel_and_no_generated_data(wheel: Path) -> None:
    inst = REPO / "inst"
    files = {path.relative_to(inst) for path in inst.rglob("*") if path.is_file()}
    shared = {path.as_posix() for path in files if not {"dataset", "__pycache__"} & set(path.parts)}
    packed = {name for name in contents(wheel) if name.startswith("shardr/_inst_data/")}
    assert packed == {f"shardr/_inst_data/{name}" for name in shared}


def test_the_wheel_makes_images_of_the_same_files_as_the_checkout(clean_python: Path, tmp_path: Path) -> None:
    code = "from shardr.local.docker import context, images; print(*map(context.digest, images.IMAGES))"
    assert run(clean_python, "-c", code, cwd=tmp_path) == run(sys.executable, "-c", code, cwd=tmp_path)


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(REPO, tmp_path, "sdist")
    shutil.unpack_archive(sdist, tmp_path)
    again = build(tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path, "wheel")
    assert contents(again) == contents(wheel)


@pytest.mark.parametrize("builder", [SdistBuilder, WheelBuilder])
@pytest.mark.parametrize("folder", [".setup", ".venv", ".Rlib", "build"])
def test_a_build_walks_no_folder_that_others_write_to_meanwhile(
    builder: type[SdistBuilder | WheelBuilder], folder: str
) -> None:
    assert builder(str(REPO)).config.directory_is_excluded(folder, "")


@needs_r
def test_the_wheel_installs_the_r_half_that_rides_in_it(clean_python: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from shardr.rinstall import install_r; print(install_r(Path('lib')))"
    assert run(clean_python, "-c", code, cwd=tmp_path).strip() == "lib/shardr"
    assert (tmp_path / "lib/shardr/schema/job.schema.json").is_file()
    show = "cat(format(packageVersion('shardr', lib.loc = 'lib')))"
    assert run("Rscript", "-e", show, cwd=tmp_path) == VERSION


@pytest.fixture(scope="module")
def clean_r(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds the R half, from its tarball."""
    library = tmp_path_factory.mktemp("lib")
    run("R", "CMD", "INSTALL", "--no-docs", f"--library={library}", tarball, cwd=library)
    return library


@needs_r
def test_the_r_tarball_installs_alone_and_loads_without_python(clean_r: Path, tmp_path: Path) -> None:
    code = "library(shardr); cat('reticulate' %in% loadedNamespaces(), dirname(system.file(package = 'shardr')))"
    shown = run("Rscript", "-e", code, cwd=tmp_path, R_LIBS=str(clean_r), RETICULATE_PYTHON="/nonexistent")
    assert shown == f"FALSE {clean_r}"


@needs_r
def test_install_python_of_the_r_tarball_installs_the_wheel_in_it_and_a_job_runs(clean_r: Path, tmp_path: Path) -> None:
    (tmp_path / "hello.R").write_text("shardr::job_message('hello from ', shardr::shard()$host)")
    world = {"R_LIBS": str(clean_r), "R_USER_DATA_DIR": str(tmp_path / "data"), "SHARDR_HOME": str(tmp_path / "home")}
    rscript = ["env", *(f"--unset={name}" for name in ("RETICULATE_PYTHON", "SHARDR_PYTHON", "PYTHONPATH")), "Rscript"]
    # the dependencies are lent, to save downloading them; see clean_python
    made = f"cat(shardr::install_python(python = '{sys.executable}'))"
    told = run(*rscript, "-e", made, cwd=tmp_path, PIP_NO_DEPS="1", PIP_NO_INDEX="1", **world)
    python = Path(told.split("\n")[-1])
    assert python == tmp_path / "data" / "R" / "shardr" / "venv" / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run(python, "-c", ask, cwd=tmp_path).strip())
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    job = "run <- job_run(pipeline('p', processing_step('s', code = 'hello.R', instance_count = 2)))"
    show = "cat(run$status, job_describe(run$steps$s$job)$ExitMessage, sep = '\\n')"
    assert "hello from algo-2" in run(*rscript, "-e", f"library(shardr); {job}; {show}", cwd=tmp_path, **world)


@needs_r
def test_the_r_tarball_holds_the_wheel_but_no_python_sources_and_no_generated_data(
    tarball: Path, wheel: Path, tmp_path: Path
) -> None:
    with tarfile.open(tarball) as archive:
        names = [name.removeprefix("shardr/") for name in archive.getnames()]
        carried = tmp_path / wheel.name
        carried.write_bytes(archive.extractfile(f"shardr/inst/python/{wheel.name}").read())
    assert contents(carried) == contents(wheel)
    foreign = ("python/", "tools/", "docker/", "docs/", "bench/", "tests/clients/", "tests/python/", ".")
    assert [name for name in names if name.startswith(foreign) and name != ".Rinstignore"] == []
    assert [name for name in names if re.match(r"inst/examples/[^/]+/dataset", name)] == []


def test_news_begins_with_the_version_in_description() -> None:
    first = (REPO / "NEWS.md").read_text().splitlines()[0]
    assert first == f"# shardr {VERSION}"
