# Models served, by version 1 of the AWS CLI as it comes: sh served.sh FOLDER
set -eu
cd "$1"
image=683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
aws sagemaker create-model --model-name shown --execution-role-arn arn:aws:iam::123456789012:role/anyone \
  --primary-container "Image=$image,ModelDataUrl=s3://served/model.tar.gz"
aws sagemaker create-endpoint-config --endpoint-config-name shown --production-variants \
  VariantName=all,ModelName=shown,InitialInstanceCount=1,InstanceType=ml.m5.large
aws sagemaker create-endpoint --endpoint-name shown --endpoint-config-name shown
aws s3 cp rows.csv s3://served/in/rows.csv --only-show-errors
aws sagemaker create-transform-job --transform-job-name shown --model-name shown --batch-strategy MultiRecord \
  --transform-resources InstanceType=ml.m5.large,InstanceCount=1 \
  --transform-output S3OutputPath=s3://served/out,AssembleWith=Line,Accept=text/csv \
  --transform-input 'DataSource={S3DataSource={S3DataType=S3Prefix,S3Uri=s3://served/in/}},ContentType=text/csv,SplitType=Line'
for _ in $(seq 60); do
  state=$(aws sagemaker describe-endpoint --endpoint-name shown --query EndpointStatus --output text)
  [ "$state" = Creating ] || break
  sleep 0.5
done
aws sagemaker wait endpoint-in-service --endpoint-name shown
aws sagemaker-runtime invoke-endpoint --endpoint-name shown --content-type text/csv --accept text/csv \
  --body file://rows.csv answer.csv --query InvokedProductionVariant --output text
echo "invoked $(tr ',\n' '  ' < answer.csv)"
aws sagemaker delete-endpoint --endpoint-name shown
aws sagemaker wait transform-job-completed-or-stopped --transform-job-name shown
echo "job $(aws sagemaker describe-transform-job --transform-job-name shown --query TransformJobStatus --output text)"
aws s3 cp s3://served/out/rows.csv.out - | tr '\n' ' ' | sed 's/^/answers /'
