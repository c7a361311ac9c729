"""The distributions that Python code imports, pinned to what is installed here."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions, version

ELSEWHERE = {
    "Bio": "biopython",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "google.protobuf": "protobuf",
    "jwt": "PyJWT",
    "osgeo": "GDAL",
    "psycopg2": "psycopg2-binary",
    "pywt": "PyWavelets",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
"""Modules whose distribution has another name."""


def used(code: str) -> dict[str, int]:
    """Modules from outside the standard library, each with the line that imports it; raises ``SyntaxError``."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module and not node.level else []
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            top = "google.protobuf" if name.startswith("google.protobuf") else top
            if top not in sys.stdlib_module_names:
                found[top] = min(node.lineno, found.get(top, node.lineno))
    return found


def distributions(modules: list[str]) -> list[str]:
    """What to tell pip: ``name==version`` where the module is installed here, else the name alone."""
    installed = packages_distributions()
    return sorted({_requirement(module, installed.get(module)) for module in modules}, key=str.lower)


def _requirement(module: str, owners: list[str] | None) -> str:
    if not owners or module in {"google", "mpl_toolkits"}:
        return ELSEWHERE.get(module, module)
    return f"{owners[0]}=={version(owners[0])}"
