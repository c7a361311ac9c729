"""The job in the local mode of the official SDK: python sdk.py IMAGE SCRIPT; prints the seconds of run()."""

import sys
import tempfile
import time
from pathlib import Path

try:
    from sagemaker.core.local import LocalSession
    from sagemaker.core.processing import ScriptProcessor
except ImportError:  # the second version
    from sagemaker.local import LocalSession
    from sagemaker.processing import ScriptProcessor

make_folder = tempfile.mkdtemp


def open_folder(*args, **options):
    """The SDK mounts folders that only their owner may enter, which shuts out an image's user who is not root."""
    folder = make_folder(*args, **options)
    Path(folder).chmod(0o755)
    return folder


tempfile.mkdtemp = open_folder
processor = ScriptProcessor(
    role="arn:aws:iam::123456789012:role/any",
    image_uri=sys.argv[1],
    command=["Rscript"],
    instance_count=2,
    instance_type="local",
    sagemaker_session=LocalSession(default_bucket="any"),
)
start = time.perf_counter()
processor.run(sys.argv[2])
print("\n", time.perf_counter() - start)
