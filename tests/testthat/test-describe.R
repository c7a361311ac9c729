tidy <- function(lines) gsub("since .*|[0-9.]+ s, log .*/", "...", steady(lines))

test_that("a run is described with exit codes, messages, logs and files of its jobs", {
  local_job_folder()
  put_lines("tell.R", c(
    "x <- shardr::read_channel(\"raw\")", "shardr::write_output(x, \"copied\")",
    "shardr::job_message(nrow(x), \" rows\")"
  ))
  job <- copy_job()
  job$steps[[1]]$code <- "tell.R"
  run <- job_run(job)
  expect_output(print(run), "\n  message of copy: 4 rows\n                   1 rows$")
  found <- job_describe(run)
  expect_s3_class(found, c("shardr_description", "shardr_run"), exact = TRUE)
  expect_identical(found$status, "Completed")
  expect_identical(found$jobs[[1]]$Shardr$hosts[["algo-2"]]$exit_code, 0L)
  expect_snapshot(found, transform = tidy)
})

test_that("a job that failed is described with its reason, and where the log of each instance is", {
  local_job_folder()
  run <- job_run(fail_job(), error = FALSE)
  found <- job_describe(run$steps$b$job)
  expect_identical(found$ProcessingJobStatus, "Failed")
  expect_true(all(file.exists(vapply(found$Shardr$hosts, function(host) host$log, ""))))
  shown <- capture.output(print(found))
  expect_match(shown, "algo-2: Failed, exit code 1 after [0-9.]+ s, log .*/algo-2[.]log$", all = FALSE)
  expect_match(shown, "^  failure: .*algo-2", all = FALSE)
  expect_match(shown, "no {luck} here", fixed = TRUE, all = FALSE)
})

test_that("what was fetched from S3 is said channel by channel", {
  ours <- list(hosts = list(), downloaded = list(train = list(bytes = 2e6, of = 4e6)))
  expect_identical(job_lines(list(Shardr = ours)), "  train: 2.0 MB of 4.0 MB from S3")
})

test_that("what is neither a run nor a job is said", {
  local_job_folder()
  expect_error(job_describe("no-such-run"), "no-such-run.*jobs\\(\\)", class = "shardr_error_not_found")
})
