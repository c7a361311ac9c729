"""Writes down which versions of Python and its packages the image holds."""

import json
import platform
from importlib.metadata import distributions
from pathlib import Path

found = {distribution.metadata["Name"]: distribution.version for distribution in distributions()}
versions = {"Python": platform.python_version(), "packages": dict(sorted(found.items()))}
Path("/usr/share/shardr/versions.json").write_text(json.dumps(versions), encoding="utf-8")
