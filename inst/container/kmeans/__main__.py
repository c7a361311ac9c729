"""The built-in K-means of SageMaker, as shardr stands in for it: ``python3 …/kmeans train`` or ``… serve``.

Beside Python it needs numpy and pandas. Without an ``/opt/ml``, ``SHARDR_BASE_DIR`` names one.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Runs what the first argument names; its exit status."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "builtin"))
    from ordered import own_threads
    from verbs import run

    own_threads()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
