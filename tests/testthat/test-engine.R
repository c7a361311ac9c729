# No AWS: neither keys, nor files of the user's, nor a machine of Amazon's that would have some.
local_no_aws <- function(env = parent.frame()) {
  names <- grep("^(AWS_|SAGEMAKER_ROLE|SHARDR_(ENGINE|BUCKET))", names(Sys.getenv()), value = TRUE)
  withr::local_envvar(rlang::set_names(rep(NA, length(names)), names), .local_envir = env)
  nowhere <- withr::local_tempdir(.local_envir = env)
  withr::local_envvar(
    AWS_EC2_METADATA_DISABLED = "true", HOME = nowhere, AWS_CONFIG_FILE = file.path(nowhere, "config"),
    AWS_SHARED_CREDENTIALS_FILE = file.path(nowhere, "credentials"), .local_envir = env
  )
}

test_that("an engine that is not there is refused with those that are, and so is a role that is no text", {
  local_job_folder()
  refused <- expect_error(job_plan(copy_job(), engine = "sagemakr", role = 3), class = "shardr_error_spec_invalid")
  said <- cli::ansi_strip(conditionMessage(refused))
  expect_match(said, "expected one of \"local\", \"sagemaker\"; did you mean \"sagemaker\"?", fixed = TRUE)
  expect_match(said, "role: found 3, expected text", fixed = TRUE)
  expect_error(job_submit(copy_job(), engine = "cloud"), class = "shardr_error_spec_invalid")
  expect_error(job_run(copy_job(), engine = "cloud"), class = "shardr_error_spec_invalid")
})

test_that("what only SageMaker has is refused on this machine, in the words of R", {
  local_job_folder()
  local_no_aws()
  refused <- expect_error(job_plan(copy_job(), bucket = "mine"), class = "shardr_error")
  expect_match(cli::ansi_strip(conditionMessage(refused)), "engine = \"sagemaker\" runs the job there", fixed = TRUE)
})

test_that("a plan for SageMaker needs no account, and says what is not known yet", {
  local_job_folder()
  local_no_aws()
  plan <- job_plan(copy_job(), engine = "sagemaker", bucket = "mine")
  expect_identical(plan$runner, "sagemaker")
  expect_match(plan$steps$copy$requests[[1]]$RoleArn, "role/your-role$")
  shown <- format(plan)
  expect_match(shown[[1]], "runner sagemaker", fixed = TRUE)
  expect_identical(shown[[2]], "on SageMaker in us-east-1")
  expect_match(shown, "^note: ", all = FALSE)
  withr::local_envvar(SHARDR_ENGINE = "sagemaker", AWS_REGION = "eu-west-1", SHARDR_BUCKET = "ours")
  again <- job_plan(copy_job())
  expect_identical(again$runner_reason, "on SageMaker in eu-west-1")
  output <- again$steps$copy$requests[[1]]$ProcessingOutputConfig$Outputs[[1]]
  expect_match(output$S3Output$S3Uri, "^s3://ours/shardr/runs/")
})

test_that("hints of the Python half are told in the words of R", {
  expect_identical(
    in_r_words("`shardr images push processing --ecr`"), "`image_push(\"processing\", ecr = TRUE)`"
  )
  expect_identical(
    in_r_words("name it: role=\"arn:x\" (role of the spec)"), "name it: role = \"arn:x\" (role of the spec)"
  )
  expect_identical(in_r_words("name your own (bucket=, SHARDR_BUCKET)"), "name your own (bucket, SHARDR_BUCKET)")
})

test_that("where an output lies on S3 is said as a URI", {
  output <- list(uri = "s3://mine/run/copied", files = c("s3://mine/run/copied/1.csv", "s3://mine/run/copied/2.csv"))
  expect_identical(output_place(output), "s3://mine/run/copied (2 files)")
})

test_that("a run on SageMaker is waited for, shown and collected as one of this machine", {
  local_job_folder()
  local_no_aws()
  # the service has a home of its own, as one far away has
  far <- withr::local_tempdir()
  withr::defer(withr::with_envvar(c(SHARDR_HOME = far), serve_stop()))
  expect_message(withr::with_envvar(c(SHARDR_HOME = far), serve(runner = "process")), "SageMaker")
  role <- "arn:aws:iam::000000000000:role/any-role"
  run <- suppressMessages(job_run(copy_job(), engine = "sagemaker", role = role, progress = TRUE))
  expect_identical(run$runner, "sagemaker")
  expect_output(print(run), "copy.copied: s3://[^ ]+ \\(2 files\\)")
  expect_identical(nrow(collect(run, "copy", "copied")), 5L)
  logs <- job_logs(run)
  expect_match(logs$text, "^rows", all = FALSE)
  expect_identical(job_logs(run), logs)
  described <- job_describe(run)
  expect_output(print(described), "step copy: Completed")
  expect_identical(names(described$jobs), as.character(run$steps$copy$jobs))
  expect_identical(job_stop(run$steps$copy$job)$ProcessingJobStatus, "Completed")
  same <- job_plan(copy_job(), engine = "sagemaker", role = role, diff = TRUE)
  expect_identical(format(same), paste("unchanged since run", run$id))
})
