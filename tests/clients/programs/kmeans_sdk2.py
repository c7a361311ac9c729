"""SageMaker's K-means with version 2 of the SDK, by files and by a stream: python kmeans_sdk2.py FOLDER."""

import sys

import numpy as np
import sagemaker
from sagemaker import KMeans

folder = sys.argv[1]
rows = np.loadtxt(f"{folder}/rows.csv", delimiter=",", dtype=np.float32)
session, role = sagemaker.Session(), sagemaker.get_execution_role()
for mode in ("File", "Pipe"):
    kmeans = KMeans(
        role, 2, "ml.m5.large", k=3, epochs=2, eval_metrics=["msd", "ssd"], input_mode=mode, sagemaker_session=session
    )
    channels = [kmeans.record_set(rows), kmeans.record_set(rows[:50], channel="test")]
    kmeans.fit(channels, mini_batch_size=30, wait=True, logs=False)
    print(mode, kmeans.model_data)
    told = session.describe_training_job(kmeans.latest_training_job.name)["FinalMetricDataList"]
    print("metrics", mode, *(f"{metric['MetricName']}={metric['Value']}" for metric in told))
print("image", kmeans.training_image_uri())

predictor = kmeans.deploy(1, "ml.m5.large", endpoint_name="clusters-records", wait=False)
session.wait_for_endpoint("clusters-records", poll=1)
for record in predictor.predict(rows[:20]):
    labels = (record.label[name].float32_tensor.values[0] for name in ("closest_cluster", "distance_to_cluster"))
    print("record", *labels)
predictor.delete_endpoint()
