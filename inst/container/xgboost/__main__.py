"""The built-in XGBoost of SageMaker, as shardr stands in for it: ``python3 …/xgboost train`` or ``… serve``.

Beside Python it needs xgboost, numpy, scipy and pandas. Without an ``/opt/ml``, ``SHARDR_BASE_DIR`` names one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Runs what the first argument names; its exit status."""
    # Idle threads sleep: where instances share a machine's cores, those that spin hold up the others, 0.35 s for a
    # round of 3 ms. It is read when XGBoost is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Where there is a scikit-learn, XGBoost loads it for estimators that are not used here: 1 of the 1.5 s of a start.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    sys.path.append(str(Path(__file__).resolve().parents[1] / "builtin"))
    from verbs import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
