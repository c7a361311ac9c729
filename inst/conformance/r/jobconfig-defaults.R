# processingjobconfig.json has the job's ARN, the default time limit, S3DownloadMode, and null for keys not given.
config <- paste(readLines("/opt/ml/config/processingjobconfig.json", warn = FALSE), collapse = "")
cat(config, "\n")
stopifnot(
  grepl("\"ProcessingJobArn\": *\"arn:aws:sagemaker:", config),
  grepl("\"StoppingCondition\": *\\{\"MaxRuntimeInSeconds\": *86400\\}", config),
  grepl("\"S3DownloadMode\": *\"StartOfJob\"", config),
  grepl("\"ContainerArguments\": *null", config),
  grepl("\"KmsKeyId\": *null", config),
  grepl("\"VolumeKmsKeyId\": *null", config)
)
