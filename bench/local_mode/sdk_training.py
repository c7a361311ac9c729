"""The training job in the local mode of the SDK's version 2: python sdk_training.py IMAGE; prints the seconds of fit()."""

import sys
import tempfile
import time

from sagemaker.estimator import Estimator
from sagemaker.local import LocalSession

estimator = Estimator(
    role="arn:aws:iam::123456789012:role/any",
    image_uri=sys.argv[1],
    container_entry_point=["Rscript", "-e", "x <- 1"],
    instance_count=2,
    instance_type="local",
    output_path=f"file://{tempfile.mkdtemp()}",
    sagemaker_session=LocalSession(default_bucket="any"),
)
start = time.perf_counter()
estimator.fit()
print("\n", time.perf_counter() - start)
