# The objects of the SDK that reticulate brings, in the builders of R: the canonical JSON, then what is refused.

processing <- reticulate::import("sagemaker.processing")
network <- reticulate::import("sagemaker.network")$NetworkConfig(
  enable_network_isolation = TRUE, subnets = list("subnet-1"), security_group_ids = list("sg-1")
)
raw <- processing$ProcessingInput("s3://bucket/raw/", "/opt/ml/processing/input/raw",
  input_name = "raw", s3_data_distribution_type = "ShardedByS3Key"
)
out <- processing$ProcessingOutput("/opt/ml/processing/output/filtered", output_name = "filtered")

bank <- shardr::pipeline("bank") |>
  shardr::processing_step(
    "filter",
    code = "filter.R", inputs = list(raw, shardr::job_input("more", "d/")), outputs = out, network_config = network
  )
cat(shardr::spec_json(bank), "\n", sep = "")

wrong <- tryCatch(
  shardr::processing_step("a", code = "a.R", inputs = out, outputs = list("b", raw), network_config = out,
    processor = 3),
  shardr_error_spec_invalid = identity
)
cat(paste0(wrong$problems$path, ": ", wrong$problems$message, "\n"), sep = "")
