test_that("a run prints as a table of its steps and where the outputs are", {
  local_job_folder()
  run <- job_run(copy_job())
  expect_snapshot(run, transform = steady)
  expect_identical(summary(run), as.data.frame(run))
  expect_identical(as.data.frame(run)$rows_out, 5)
})

test_that("a run that was not over is looked at again when it prints, or says when it was seen", {
  local_job_folder()
  run <- job_submit(copy_job())
  job_wait(run)
  expect_output(print(run), "<run copy-[^ ]*: Completed>\n")
  expect_false(run$status == "Completed")
  gone <- run
  gone$id <- "no-such-run"
  expect_output(print(gone), "<run no-such-run: [A-Za-z]*> as of [0-9]{2}:[0-9]{2}\n")
})

test_that("an output without rows or files says so", {
  output <- function(rows, ...) list(uri = "s3://b/o/", rows = rows, files = c(...))
  expect_identical(output_place(output(0, "/o/a.csv", "/o/b.csv")), "/o (2 files, no rows)")
  expect_identical(output_place(output(NULL, "/o/a.txt")), "/o (1 file)")
  expect_identical(output_place(output(3, "/o/a.csv", "/o/p/b.csv")), "s3://b/o/ (2 files)")
  local_job_folder()
  put_lines("nothing.R", "1")
  run <- job_run(pipeline("p", processing_step("n", code = "nothing.R", outputs = "lost")))
  expect_output(print(run), "n.lost: no file: no instance wrote one", fixed = TRUE)
})

test_that("times of the Python half are read with and without a zone", {
  expect_equal(as.numeric(iso_time("2026-11-21T00:42:46.5+00:00")), 1795221766.5)
  expect_equal(as.numeric(iso_time("2026-11-21T02:42:46+02:00")), 1795221766)
  expect_equal(as.numeric(iso_time("2026-11-21T00:42:46Z")), 1795221766)
  withr::with_timezone("UTC", expect_equal(as.numeric(iso_time("2026-11-21T00:42:46")), 1795221766))
  expect_true(is.na(iso_time(NULL)))
})

test_that("counts are doubles, and NA where nothing is known", {
  found <- column(list(list(n = 2^31 + 1), list(n = NULL), list()), "n", 0)
  expect_identical(found, c(2^31 + 1, NA, NA))
})

test_that("what is no run is refused", {
  expect_snapshot(error = TRUE, job_logs(42))
})
