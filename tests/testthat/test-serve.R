test_that("a session of boto3 is answered in this process, and its jobs are those of the verbs", {
  local_job_folder()
  withr::local_envvar(AWS_ENDPOINT_URL = "http://127.0.0.1:9", AWS_PROFILE = "nobody")
  client <- local_session()$client("sagemaker")
  made <- client$create_processing_job(
    ProcessingJobName = "one", RoleArn = "arn:aws:iam::000000000000:role/anyone",
    ProcessingResources = list(ClusterConfig = list(
      InstanceCount = 1L, InstanceType = "ml.m5.large", VolumeSizeInGB = 30L
    )),
    AppSpecification = list(ImageUri = "image", ContainerEntrypoint = list("echo", "hello"))
  )
  expect_match(made$ProcessingJobArn, "processing-job/one$")
  job_wait("one")
  expect_identical(jobs()$run, "one")
  expect_identical(job_logs("one")$text, "hello")
})

test_that("a server is found by the Python of this session, and all is set back when it ends", {
  local_job_folder()
  withr::defer(serve_stop())
  withr::local_envvar(AWS_PROFILE = "mine", AWS_ENDPOINT_URL = NA, AWS_REGION = "eu-west-3")
  expect_message(where <- serve(), "SageMaker")
  expect_identical(Sys.getenv("AWS_ENDPOINT_URL"), where[["sagemaker"]])
  expect_identical(Sys.getenv("AWS_PROFILE"), "")
  sts <- reticulate::import("boto3")$Session()$client("sts", endpoint_url = "https://sts.us-east-1.amazonaws.com")
  expect_identical(sts$get_caller_identity()$Account, "000000000000")
  expect_message(again <- serve(), "SageMaker")
  expect_identical(again, where)
  expect_true(serve_stop())
  after <- Sys.getenv(c("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION"), names = FALSE)
  expect_identical(after, c("mine", "", "eu-west-3"))
  expect_false(serve_stop())
  expect_error(serve(port = "x"), "port: found", class = "shardr_error_runner_unavailable")
})
