# processingjobconfig.json is the request of the job.
config <- paste(readLines("/opt/ml/config/processingjobconfig.json", warn = FALSE), collapse = "")
cat(config, "\n")
job <- commandArgs(TRUE)[1]
stopifnot(
  grepl(paste0("\"ProcessingJobName\": *\"", job, "\""), config),
  grepl(paste0("\"ContainerArguments\": *\\[\"", job, "\", *\"two words\"\\]"), config),
  grepl("\"Environment\": *\\{\"ANSWER\": *\"42\"\\}", config),
  grepl("\"InstanceCount\": *1[,} ]", config),
  grepl("\"RoleArn\": *\"arn:aws:iam::", config),
  grepl("\"LocalPath\": *\"/opt/ml/processing/input/code\"", config)
)
