"""SageMaker's PCA with version 2 of the SDK: fit, deploy, predict, transform: python pca_sdk2.py FOLDER."""

import sys

import numpy as np
import sagemaker
from sagemaker import PCA, image_uris
from sagemaker.deserializers import JSONDeserializer
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

folder = sys.argv[1]
rows = np.loadtxt(f"{folder}/rows.csv", delimiter=",", dtype=np.float32)
session, role = sagemaker.Session(), sagemaker.get_execution_role()
pca = PCA(role, 1, "ml.m5.large", num_components=2, sagemaker_session=session)
pca.fit(pca.record_set(rows), wait=True, logs=False)
print("image", pca.training_image_uri())
print("File", pca.model_data)

piped = PCA(role, 1, "ml.m5.large", num_components=2, input_mode="Pipe", sagemaker_session=session)
piped.fit(piped.record_set(rows), wait=True, logs=False)
print("Pipe", piped.model_data)

# As the SDK makes it of the estimator: recordIO-protobuf in both directions.
predictor = pca.deploy(1, "ml.m5.large", endpoint_name="pca-records", wait=False)
session.wait_for_endpoint("pca-records", poll=1)
records = predictor.predict(rows[:20])
print("records", *(value for record in records for value in record.label["projection"].float32_tensor.values))
predictor.delete_endpoint()

# And of the image and the model alone, by CSV and JSON.
image = image_uris.retrieve("pca", session.boto_region_name)
model = Model(image, pca.model_data, role, predictor_cls=Predictor, sagemaker_session=session)
model.deploy(1, "ml.m5.large", endpoint_name="pca-json", wait=False)
session.wait_for_endpoint("pca-json", poll=1)
predictor = Predictor("pca-json", session, CSVSerializer(), JSONDeserializer())
answer = predictor.predict(rows[:20])
print("json", *(value for each in answer["projections"] for value in each["projection"]))
predictor.delete_endpoint()

transformer = pca.transformer(
    1, "ml.m5.large", strategy="MultiRecord", assemble_with="Line", accept="application/jsonlines"
)
source = session.upload_data(f"{folder}/rows.csv", key_prefix="pca/rows")
transformer.transform(source, content_type="text/csv", split_type="Line", wait=True, logs=False)
print("answers", transformer.output_path)
