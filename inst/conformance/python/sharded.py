"""Of a ShardedByS3Key input each object is on one instance, and four objects on two instances are two on each."""

import shutil
from pathlib import Path

found = sorted(Path("/opt/ml/processing/input/in").iterdir())
assert len(found) == 2, found
for path in found:
    shutil.copyfile(str(path), "/opt/ml/processing/output/out/" + path.name)
