test_that("a pipeline runs on two instances and its rows come back with types and NA", {
  local_job_folder()
  run <- job_run(copy_job())
  expect_s3_class(run, "shardr_run")
  expect_identical(run$status, "Completed")
  counts <- c("instances", "rows_in", "rows_out")
  expect_identical(run$steps$copy[counts], list(instances = 2, rows_in = 5, rows_out = 5))
  found <- collect(run, "copy", "copied")
  expected <- data.frame(a = c(1L, NA, 4L, 5L, 3L), b = c("x", "\u00e9", "y,z", "x", NA))
  expect_identical(found, expected)
  expect_length(run$steps$copy$outputs$copied$files, 2)
})

test_that("a job file runs with values set from outside", {
  local_job_folder()
  job <- pipeline("copy", parameters = list(n = parameter("integer", 1), data = parameter("path", "nowhere/"))) |>
    processing_step(
      "copy",
      code = "copy.R", inputs = job_input("raw", "${data}", "ShardedByS3Key"), outputs = "copied",
      instance_count = "${n}"
    )
  spec_write(job, "job.json")
  run <- job_run("job.json", set = list(n = 3, data = factor("dataset/")))
  expect_identical(run$steps$copy$instances, 3)
  expect_identical(run$steps$copy$rows_out, 5)
})

test_that("a run has the id that was asked for, in both ways to start it", {
  local_job_folder()
  expect_identical(job_run(copy_job(), name = "mine")$id, "mine")
  refused <- tryCatch(job_submit(copy_job(), name = "b.x"), shardr_error_spec_invalid = identity)
  expect_identical(refused$problems$path, "--name (name= in Python and R)")
  expect_identical(job_wait(job_submit(copy_job(), name = "later"))$id, "later")
  expect_identical(sort(unique(jobs()$run)), c("later", "mine"))
  found <- tryCatch(job_run(copy_job(), name = 1:2), shardr_error_spec_invalid = identity)
  expect_identical(found$problems$path, "name")
})

test_that("a run that fails is a condition that carries the run", {
  local_job_folder()
  found <- tryCatch(job_run(fail_job()), shardr_error_job_failed = identity)
  expect_s3_class(found, c("shardr_error_job_failed", "shardr_error"), exact = FALSE)
  expect_identical(found$run$status, "Failed")
  expect_match(found$problems$message, "algo-2.*no [{]luck[}] here")
  expect_identical(job_logs(found$run, instance = "algo-1")$text, "fine")
})

test_that("a run that fails comes back as it is when that is no error", {
  local_job_folder()
  run <- job_run(fail_job(), error = FALSE)
  expect_identical(run$status, "Failed")
  expect_match(as.data.frame(run)$failure, "algo-2")
})

test_that("what is no job is refused before Python starts", {
  expect_snapshot(error = TRUE, job_run(42))
  expect_snapshot(error = TRUE, job_run(copy_job(), set = list(n = NA, m = NULL)))
  expect_snapshot(error = TRUE, job_run(copy_job(), set = 3))
  expect_snapshot(error = TRUE, job_plan(copy_job(), runner = "podman"))
  expect_snapshot(error = TRUE, job_run(copy_job(), 2, instances = 4, data = "a", runnner = "process"))
  expect_snapshot(error = TRUE, job_wait("id", instances = 4))
})

test_that("a spec that is not valid starts nothing", {
  local_job_folder()
  found <- tryCatch(job_run(copy_job(), set = c(instances = 3)), shardr_error_spec_invalid = identity)
  expect_identical(found$problems$path, "set$instances")
  expect_identical(nrow(jobs()), 0L)
})
