# Version 1 of the AWS CLI as it comes: sh cli.sh FOLDER
set -eu
cd "$1"
aws s3 mb s3://cli
aws s3 sync dataset s3://cli/in --only-show-errors

job() { # name, command, input
  cat << JSON
{"ProcessingJobName": "$1", "RoleArn": "arn:aws:iam::123456789012:role/anyone",
 "ProcessingResources": {"ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
 "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["bash", "-c", "$2"]},
 "ProcessingInputs": [{"InputName": "in", "S3Input": {"S3Uri": "s3://cli/in/", "LocalPath": "/opt/ml/processing/in",
   "S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "ShardedByS3Key"}}],
 "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": {"S3Uri": "s3://cli/out/",
   "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}}]}}
JSON
}
status() {
  aws sagemaker describe-processing-job --processing-job-name "$1" --query ProcessingJobStatus --output text
}
ended() {
  for _ in $(seq 60); do
    case $(status "$1") in InProgress | Stopping) sleep 0.5 ;; *) return ;; esac
  done
}

job cli-copies 'echo copying; cp /opt/ml/processing/in/*.csv /opt/ml/processing/out' > copies.json
job cli-sleeps 'sleep 600' > sleeps.json
aws sagemaker create-processing-job --cli-input-json file://copies.json
aws sagemaker create-processing-job --cli-input-json file://sleeps.json
aws sagemaker stop-processing-job --processing-job-name cli-sleeps
ended cli-copies
aws sagemaker wait processing-job-completed-or-stopped --processing-job-name cli-copies
ended cli-sleeps
echo "copies $(status cli-copies), sleeps $(status cli-sleeps)"
aws sagemaker list-processing-jobs --name-contains cli- --sort-by Name --sort-order Ascending \
  --query 'ProcessingJobSummaries[].ProcessingJobName' --output text
group=/aws/sagemaker/ProcessingJobs
for stream in $(aws logs describe-log-streams --log-group-name $group --log-stream-name-prefix cli-copies/ \
  --query 'logStreams[].logStreamName' --output text); do
  aws logs get-log-events --log-group-name $group --log-stream-name "$stream" --query 'events[].message' --output text
done
aws s3 sync s3://cli/out copied --only-show-errors
aws s3 ls s3://cli/out/ | wc -l
diff -r dataset copied
if aws sagemaker describe-processing-job --processing-job-name nothing-of-this-name 2> refused.txt; then exit 1; fi
grep -q "ResourceNotFound.*Could not find requested job" refused.txt
aws sts get-caller-identity --query Account --output text
echo "status well"
