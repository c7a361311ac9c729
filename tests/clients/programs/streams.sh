# Version 1 of the AWS CLI: a training job with a channel in mode Pipe and one in its job's mode: sh streams.sh FOLDER
set -eu
cd "$1"
aws s3 mb s3://streams
for i in 1 2 3; do echo "$i" | aws s3 cp - "s3://streams/in/$i" --only-show-errors; done

channel() { # name, more
  printf '{"ChannelName": "%s", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://streams/in/"}}%s}' \
    "$1" "$2"
}
cat > streams.json << JSON
{"TrainingJobName": "streams", "RoleArn": "arn:aws:iam::123456789012:role/anyone",
 "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File",
   "ContainerEntrypoint": ["sh", "-c", "cd /opt/ml/input/data; cat files/* piped_0 piped_1 | paste -sd,"]},
 "InputDataConfig": [$(channel files ''), $(channel piped ', "InputMode": "Pipe", "ShuffleConfig": {"Seed": 1}')],
 "OutputDataConfig": {"S3OutputPath": "s3://streams/out"},
 "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
 "StoppingCondition": {"MaxRuntimeInSeconds": 60}}
JSON
aws sagemaker create-training-job --cli-input-json file://streams.json
described() {
  aws sagemaker describe-training-job --training-job-name streams --query "$1" --output text
}
for _ in $(seq 60); do
  case $(described TrainingJobStatus) in InProgress) sleep 0.5 ;; *) break ;; esac
done
echo "status $(described TrainingJobStatus)"
echo "modes $(described '[AlgorithmSpecification.TrainingInputMode, InputDataConfig[1].InputMode]')"
group=/aws/sagemaker/TrainingJobs
stream=$(aws logs describe-log-streams --log-group-name $group --log-stream-name-prefix streams/ \
  --query 'logStreams[0].logStreamName' --output text)
echo "read $(aws logs get-log-events --log-group-name $group --log-stream-name "$stream" \
  --query 'events[].message' --output text)"
