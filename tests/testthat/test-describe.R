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

test_that("how far a channel in mode Pipe is can be seen wherever a job that runs is looked at", {
  local_job_folder()
  dir.create("big")
  writeBin(raw(6e6), "big/zeros")
  put_lines("half.sh", c("exec 3< /opt/ml/input/data/train_0", "head -c 2000000 <&3 > /dev/null", "sleep 60"))
  channels <- list(job_input("train", "big/", input_mode = "Pipe"), job_input("test", "big/", input_mode = "Pipe"))
  run <- job_submit(pipeline("stream", training_step("fit", code = "half.sh", inputs = channels)))
  withr::defer(job_stop(run))
  until <- Sys.time() + 30
  repeat {
    found <- job_describe(run)
    now <- found$jobs[[1]]$Shardr$hosts[["algo-1"]]$streamed$train
    if (identical(now$epochs, 1L) || Sys.time() > until) break
    Sys.sleep(0.1)
  }
  share <- "[345][0-9] % of epoch 0"
  rate <- "[0-9.]+ .?B/s"
  expect_output(print(found), paste0("    train: [0-9.]+ MB in 1 epoch, ", rate, ", ", share, "\n    test: not opened"))
  expect_output(print(run), paste0("\nfit: train ", share, ", ", rate, "\nfit: test not opened"))
  expect_match(jobs()$streaming, paste0("^train ", share, ", test not opened$"))
  expect_output(print(jobs()), "started +streaming\n")
  state <- step_state(refreshed(run$id, NULL)$steps$fit)
  expect_match(state, paste0("^fit runs \\(1 running; train ", share, ", ", rate, "; test not opened\\)$"))
})

test_that("what is still on its way from S3 is told with its share", {
  come <- list(train = list(bytes = 9e5, of = 1.8e6), test = list(bytes = 1, of = 1))
  step <- list(status = "InProgress", downloaded = come)
  expect_identical(step_streams(step), "train 50 % of 1.8 MB from S3")
  step$status <- "Completed"
  expect_identical(step_streams(step), character())
})

test_that("an epoch whose size is not known, or nothing, has no share", {
  expect_identical(streamed_words(list(epochs = 3, epoch_bytes = 10)), "epoch 2")
  expect_identical(streamed_words(list(epochs = 1, epoch_bytes = 0, epoch_size = 0)), "epoch 0")
  expect_identical(step_streams(list(status = "Completed", streamed = list(train = list(epochs = 1)))), character())
})
