test_that("a run prints as a table of its steps and where the outputs are", {
  local_job_folder()
  run <- job_run(copy_job())
  expect_snapshot(run, transform = steady)
  expect_identical(summary(run), as.data.frame(run))
  expect_identical(as.data.frame(run)$rows_out, 5)
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
