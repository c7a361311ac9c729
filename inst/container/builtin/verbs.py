"""What a built-in algorithm is asked to do: to train or to serve."""

from __future__ import annotations

import sys


def run(words: list[str]) -> int:
    """Runs what the words name, out of the modules beside ``__main__.py``; the exit status of the program."""
    if words == ["train"]:
        from training import train

        return train()
    if words == ["serve"]:
        from answers import Model
        from serving import serve

        return serve(Model.loaded)
    print(f'expected train or serve, found "{" ".join(words)}"', file=sys.stderr)
    return 2
