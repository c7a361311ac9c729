test_that("runs are listed, described and stopped from outside", {
  local_job_folder()
  expect_identical(nrow(jobs()), 0L)
  run <- job_run(copy_job())
  listed <- jobs()
  expect_identical(listed[c("run", "step", "status", "instances", "rows_out")], data.frame(
    run = run$id, step = "copy", status = "Completed", instances = 2, rows_out = 5
  ))
  expect_s3_class(listed$created, "POSIXct")
  expect_lt(abs(as.numeric(Sys.time() - listed$created, units = "secs")), 600)
  expect_s3_class(job_describe(run), "shardr_run")
  job <- job_describe(listed$job)
  expect_identical(job$ProcessingJobStatus, "Completed")
  expect_identical(job_stop(run)$status, "Completed")
})

test_that("lines of the log are chosen by step and instance, and followed to their end", {
  local_job_folder()
  run <- job_run(copy_job())
  lines <- job_logs(run)
  expect_identical(lines$instance, c("algo-1", "algo-2"))
  expect_match(lines$text, "^rows [14]")
  expect_identical(job_logs(run$id, instance = "algo-2")$text, lines$text[2])
  expect_output(followed <- job_logs(run, step = "copy", follow = TRUE), "copy/algo-1 | rows", fixed = TRUE)
  expect_identical(followed, lines)
  expect_output(print(job_logs(run, instance = "algo-9")), "nothing was printed")
})

test_that("what is not there is said, with what is", {
  local_job_folder()
  run <- job_run(copy_job())
  expect_error(job_describe("no-such-run"), "no-such-run.*jobs\\(\\)", class = "shardr_error_not_found")
  expect_error(job_logs(run, step = "coppy"), "coppy.*copy", class = "shardr_error_not_found")
  expect_snapshot(error = TRUE, job_logs(run, instance = NA))
})
