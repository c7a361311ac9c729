"""The house has floors: imports point down only, and each outside thing is known to one file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SOURCE = REPO / "python" / "shardr"

# From the ground up. A module belongs to the entry that names it or its folder; the faces share the top floor.
FLOORS = (
    {"errors", "_inst"},
    {"recordio"},
    {"runtime"},
    {"spec"},
    {"storage"},
    {"data"},
    {"requests"},
    {"local"},
    {"engines"},
    {"api"},
    {"cli", "r", "rbridge", "rdoor", "rinstall", "server", ""},  # "" is shardr/__init__.py
)

# Who may import an outside package.
IMPORTERS = {
    "boto3": {"engines/aws.py", "engines/session.py", "storage/elsewhere.py", "storage/s3.py"},
    "botocore": {
        "engines/session.py",
        "storage/asking.py",
        "storage/elsewhere.py",
        "storage/refused.py",
        "storage/s3.py",
    },
    "cryptography": {"server/authority.py"},
    "matplotlib": {"api/picture.py"},
    "docker": {"local/docker/daemon.py"},
    "obstore": {"storage/quick.py"},
    "rpy2": {"rbridge.py"},
    "sagemaker": set(),  # accepted by duck typing, never imported
    "uvicorn": {"server/running.py"},
}

# Who may spell an outside thing: the pattern matches a whole text constant, messages and docstrings aside.
SPELLERS = {
    r"bwrap": {"local/runners/process.py"},
    r"rclone": {"local/objects.py"},
    r"botocore": {"requests/service_model.py"},
    r"/opt/ml(/\S*)?": {"spec/places.py", "runtime/instance.py"},  # of an instance, outside and inside
}

MODULES = sorted(SOURCE.rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def floor(module: str) -> int:
    """Height of a module, given as its dotted name below ``shardr``."""
    top = module.split(".")[0]
    found = [height for height, names in enumerate(FLOORS) if top in names]
    assert found, f"shardr.{module} is on no floor: add it to FLOORS in {Path(__file__).name}"
    return found[0]


def dotted(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> set[str]:
    """Every module imported anywhere in the file, lazily or for types alone, too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "shardr":  # from shardr import rbridge: a module; anything else: the root's own names
                found |= {f"shardr.{a.name}" if is_module(a.name) else "shardr" for a in node.names}
            else:
                found.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            found |= {str(given.value) for given in node.args[:1] if isinstance(given, ast.Constant)}
    return found


def is_module(name: str) -> bool:
    return (SOURCE / name).is_dir() or (SOURCE / f"{name}.py").is_file()


def upward(module: str, source: str) -> list[str]:
    """The imports of a module that point up."""
    own = [name for name in imports(ast.parse(source)) if name.split(".")[0] == "shardr"]
    return sorted(name for name in own if floor(name.removeprefix("shardr").lstrip(".")) > floor(module))


def constants(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_import_points_up(path: Path) -> None:
    assert upward(dotted(path), path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from shardr.local.store import Store",
        "def later():\n    import shardr.api.verbs",
        "from shardr import rbridge",
        "from shardr import run",
        "import importlib\nimportlib.import_module('shardr.cli.app')",
    ],
)
def test_an_import_that_points_up_is_seen_in_every_form(source: str) -> None:
    assert upward("requests.processing", source)


def test_a_module_on_no_floor_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"shardr\.attic is on no floor"):
        floor("attic")


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_outside_things_are_known_to_their_file_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    packages = {name.split(".")[0] for name in imports(tree)}
    imported = {name for name, files in IMPORTERS.items() if name in packages and relative(path) not in files}
    spelled = {
        text
        for text in constants(tree)
        for pattern, files in SPELLERS.items()
        if re.fullmatch(pattern, text) and relative(path) not in files
    }
    assert (imported, spelled) == (set(), set())


@pytest.mark.parametrize("path", sorted((REPO / "R").glob("*.R")), ids=lambda path: path.name)
def test_in_r_reticulate_is_known_to_python_r_and_the_instance_to_container_files(path: Path) -> None:
    code = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    if path.name != "python.R":
        assert [line for line in code if re.search(r"reticulate::|\((reticulate|\"reticulate\")\)", line)] == []
    if not path.name.startswith("container") and path.name != "spec-schema.R":  # the spec's default folders again
        assert [line for line in code if re.search(r"[\"']/opt/ml", line)] == []


@pytest.mark.parametrize("path", sorted((SOURCE / "runtime").rglob("*.py")), ids=relative)
def test_the_runtime_needs_the_standard_library_and_what_is_below_it_only(path: Path) -> None:
    own = r"shardr\.(errors|(recordio|runtime)(\..+)?)"
    names = {name for name in imports(ast.parse(path.read_text())) if not re.fullmatch(own, name)}
    assert {name for name in names if name.split(".")[0] not in sys.stdlib_module_names} == set()


@pytest.mark.parametrize("path", sorted((SOURCE / "recordio").rglob("*.py")), ids=relative)
def test_recordio_needs_numpy_beside_the_standard_library_and_scipy_when_asked_for_its_matrices(path: Path) -> None:
    names = {name.split(".")[0] for name in imports(ast.parse(path.read_text()))} - set(sys.stdlib_module_names)
    assert names <= {"numpy", "shardr"} | ({"scipy"} if path.name == "blocks.py" else set())


def test_importing_shardr_or_its_runtime_loads_nothing_heavy() -> None:
    heavy = ["boto3", "botocore", "numpy", "pandas", "pyarrow", "pydantic", "rich", "rpy2", "typer"]
    code = f"import shardr.runtime, sys; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"
