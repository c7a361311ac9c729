"""Calls of ``shardr.runtime.hyperparameters()`` in Python code, under whatever name it was imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from shardr.api.declaration import NOT_KNOWN, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = "shardr.runtime"


def calls(code: str) -> list[list[Said]]:
    """What each call says; raises ``SyntaxError``."""
    tree = ast.parse(code)
    names = _names(tree)
    ours = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _dotted(node.func, names) == f"{RUNTIME}.hyperparameters"
    ]
    return [list(_arguments(node, names)) for node in ours]


def _names(tree: ast.Module) -> dict[str, str]:
    """What the names that imports bring stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.split(".")[0]
                found[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                everything = alias.name == "*" and node.module == RUNTIME
                for name in _exported() if everything else [alias.name]:
                    found[alias.asname or name] = f"{node.module}.{name}"
    return found


def _exported() -> list[str]:
    from shardr import runtime

    return runtime.__all__


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return ""


def _arguments(call: ast.Call, names: dict[str, str]) -> Iterator[Said]:
    for _ in call.args:
        yield Said(NOT_KNOWN)
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield _said(keyword.arg, keyword.value, names)
        elif isinstance(keyword.value, ast.Dict):  # **{"lambda": hp_number(1)}
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else NOT_KNOWN
                yield _said(name, value, names)
        else:
            yield Said(NOT_KNOWN)


def _said(name: str, node: ast.expr, names: dict[str, str]) -> Said:
    if not isinstance(node, ast.Call):
        return Said(name)
    module, _, maker = _dotted(node.func, names).rpartition(".")
    if module != RUNTIME:
        return Said(name)
    plain = [argument for argument in node.args if not isinstance(argument, ast.Starred)]
    named = {keyword.arg: _literal(keyword.value) for keyword in node.keywords if keyword.arg is not None}
    further = len(plain) < len(node.args) or len(named) < len(node.keywords)
    return Said(name, maker, [] if further else [_literal(each) for each in plain], named, further)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return NOT_KNOWN
