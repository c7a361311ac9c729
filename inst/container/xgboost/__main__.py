"""The built-in XGBoost of SageMaker, as shardr stands in for it: ``python3 …/xgboost train`` or ``… serve``.

Beside Python it needs xgboost, numpy, scipy and pandas. Without an ``/opt/ml``, ``SHARDR_BASE_DIR`` names one.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Runs what the first argument names; its exit status."""
    # Idle threads sleep: where instances share a machine's cores, those that spin hold up the others, 0.35 s for a
    # round of 3 ms. It is read when XGBoost is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if sys.argv[1:] == ["train"]:
        from training import train

        return train()
    if sys.argv[1:] == ["serve"]:
        from serving import serve

        return serve()
    print(f'expected train or serve, found "{" ".join(sys.argv[1:])}"', file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
