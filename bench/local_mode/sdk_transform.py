"""A batch transform in local mode of the SDK's version 2: python sdk_transform.py IMAGE FOLDER; transform()'s seconds.

The folder has model.tar.gz and in/rows.csv; the answers are put into out.
"""

import sys
import time

from sagemaker.local import LocalSession
from sagemaker.model import Model

image, folder = sys.argv[1:]
session = LocalSession(default_bucket="any")
model = Model(image, f"file://{folder}/model.tar.gz", "arn:aws:iam::123456789012:role/any", sagemaker_session=session)
model.create(instance_type="local")
transformer = model.transformer(
    1, "local", strategy="SingleRecord", assemble_with="Line", output_path=f"file://{folder}/out"
)
start = time.perf_counter()
transformer.transform(f"file://{folder}/in", content_type="text/csv", split_type="Line", wait=True, logs=False)
print("\n", time.perf_counter() - start)
