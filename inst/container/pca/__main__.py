"""The built-in PCA of SageMaker, as shardr stands in for it: ``python3 …/pca train`` or ``… serve``.

Beside Python it needs numpy and pandas. Without an ``/opt/ml``, ``SHARDR_BASE_DIR`` names one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Runs what the first argument names; its exit status."""
    # Rows are worked on by threads of our own, one for each core: reading and products share them.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    sys.path.append(str(Path(__file__).resolve().parents[1] / "builtin"))
    from verbs import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
