test_that("runs are listed, described and stopped from outside", {
  local_job_folder()
  expect_identical(nrow(jobs()), 0L)
  run <- job_run(copy_job())
  listed <- jobs()
  expect_identical(as.data.frame(listed)[c("run", "step", "status", "instances", "rows_out")], data.frame(
    run = run$id, step = "copy", status = "Completed", instances = 2, rows_out = 5
  ))
  expect_s3_class(listed$created, "POSIXct")
  expect_lt(abs(as.numeric(Sys.time() - listed$created, units = "secs")), 600)
  expect_identical(job_stop(run)$status, "Completed")
})

test_that("runs are listed one to a line, however narrow the console, and stay a data frame", {
  local_job_folder()
  expect_output(print(jobs()), "no job has run here yet", fixed = TRUE)
  job_run(copy_job())
  job_run(fail_job(), error = FALSE)
  listed <- jobs()
  listed$created[2] <- as.POSIXct("2026-01-02 03:04:05")
  withr::local_options(width = 40)
  expect_snapshot(print(listed), transform = function(lines) gsub("[0-9]{2}:[0-9]{2}$", "00:00", steady(lines)))
  expect_s3_class(listed, c("shardr_jobs", "data.frame"), exact = TRUE)
  expect_output(print(listed["step"]), "1    b", fixed = TRUE)
  expect_identical(nrow(listed[listed$status == "Failed", ]), 1L)
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
  expect_error(job_logs(run, step = "coppy"), "coppy.*copy", class = "shardr_error_not_found")
  expect_snapshot(error = TRUE, job_logs(run, instance = NA))
})
