"""Training, deploying and asking with version 2 of the SageMaker SDK: python predictor_sdk2.py FOLDER."""

import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

folder = Path(sys.argv[1], "rows")
folder.mkdir()
(folder / "a.csv").write_text("".join(f"{i % 5},{i},{i % 7}\n" for i in range(200)))
session = sagemaker.Session()
image = image_uris.retrieve("xgboost", "us-east-1", "1.7-1")
estimator = Estimator(
    image_uri=image,
    role=sagemaker.get_execution_role(),
    instance_count=1,
    instance_type="ml.m5.large",
    hyperparameters={"num_round": 5, "objective": "reg:squarederror"},
    sagemaker_session=session,
)
data = session.upload_data(str(folder), key_prefix="predictor/data")
estimator.fit({"train": TrainingInput(data, content_type="text/csv")}, wait=True, logs="None")
predictor = estimator.deploy(1, "ml.m5.large", serializer=CSVSerializer(), endpoint_name="by-estimator")
print("estimator", len(predictor.predict([[1, 2], [3, 4]]).decode().replace(",", " ").split()))
model = Model(image, estimator.model_data, sagemaker.get_execution_role(), sagemaker_session=session)
model.deploy(2, "ml.m5.large", endpoint_name="by-model")
asked = Predictor("by-model", session, CSVSerializer())
print("model", len(asked.predict("1,2\n3,4\n5,6\n").decode().replace(",", " ").split()))
for each in (predictor, asked):
    each.delete_endpoint(delete_endpoint_config=True)
print("left", len(session.sagemaker_client.list_endpoint_configs(NameContains="by-")["EndpointConfigs"]))
