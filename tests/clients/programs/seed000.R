# The notebook of the published example, "Parallel data processing with RStudio on Amazon SageMaker", its calls
# unchanged: R drives the SageMaker Python SDK, version 2, through reticulate, which knows nothing of shardr.
#
# What RStudio alone can tell, the folder of the document in its editor, is the first argument here. The notebook also
# attaches dplyr and readr, and uses neither.

suppressWarnings(library(reticulate))
path_to_python <- system("which python", intern = TRUE)
use_python(path_to_python)
sagemaker <- import("sagemaker")

# Execution role and bucket
role <- sagemaker$get_execution_role()
session <- sagemaker$Session()
bucket <- session$default_bucket()
account_id <- session$account_id()
region <- session$boto_region_name
local_path <- commandArgs(trailingOnly = TRUE)[1]

container_uri <- paste(account_id, "dkr.ecr", region, "amazonaws.com/sagemaker-r-processing:1.0", sep = ".")

# The dataset
local_dataset_path <- paste0(local_path, "/dataset/")
dataset_files <- list.files(path = local_dataset_path, pattern = "\\.csv$", full.names = TRUE)
for (file in dataset_files) {
  session$upload_data(file, bucket = bucket, key_prefix = "sagemaker-rstudio-example/split")
}
input_s3_split_location <- paste0("s3://", bucket, "/sagemaker-rstudio-example/split")

# The filter, on two instances
filter_processor <- sagemaker$processing$ScriptProcessor(command = list("Rscript"),
                                                         image_uri = container_uri,
                                                         role = role,
                                                         instance_count = 2L,
                                                         instance_type = "ml.m5.large")
output_s3_filter_location <- paste0("s3://", bucket, "/sagemaker-rstudio-example/filtered")
s3_filter_input <- sagemaker$processing$ProcessingInput(source = input_s3_split_location,
                                                        destination = "/opt/ml/processing/input",
                                                        s3_data_distribution_type = "ShardedByS3Key",
                                                        s3_data_type = "S3Prefix")
s3_filter_output <- sagemaker$processing$ProcessingOutput(output_name = "bank-additional-full-filtered",
                                                          destination = output_s3_filter_location,
                                                          source = "/opt/ml/processing/output")
filtering_step <- sagemaker$workflow$steps$ProcessingStep(name = "FilterProcessingStep",
                                                          code = paste0(local_path, "/preprocessing/filter.R"),
                                                          processor = filter_processor,
                                                          inputs = list(s3_filter_input),
                                                          outputs = list(s3_filter_output))

# The split into train, test and validation
script_processor <- sagemaker$processing$ScriptProcessor(command = list("Rscript"),
                                                         image_uri = container_uri,
                                                         role = role,
                                                         instance_count = 1L,
                                                         instance_type = "ml.m5.large")
output_s3_processed_location <- paste0("s3://", bucket, "/sagemaker-rstudio-example/processed")
s3_processed_input <- sagemaker$processing$ProcessingInput(source = output_s3_filter_location,
                                                           destination = "/opt/ml/processing/input",
                                                           s3_data_type = "S3Prefix")
s3_processed_output <- sagemaker$processing$ProcessingOutput(output_name = "bank-additional-full-processed",
                                                             destination = output_s3_processed_location,
                                                             source = "/opt/ml/processing/output")
processing_step <- sagemaker$workflow$steps$ProcessingStep(name = "ProcessingStep",
                                                           code = paste0(local_path, "/preprocessing/process.R"),
                                                           processor = script_processor,
                                                           inputs = list(s3_processed_input),
                                                           outputs = list(s3_processed_output),
                                                           depends_on = list(filtering_step))

# The pipeline
pipeline <- sagemaker$workflow$pipeline$Pipeline(
  name = "BankAdditionalPipelineUsingR",
  steps = list(filtering_step, processing_step)
)
upserted <- pipeline$upsert(role_arn = role)
execution <- pipeline$start()
execution$describe()
execution$wait()

# The notebook ends with a look at the console; here it is a look at the same facts.
cat("status", execution$describe()$PipelineExecutionStatus, "\n")
cat("processed", output_s3_processed_location, "\n")
