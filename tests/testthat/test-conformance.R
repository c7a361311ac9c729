test_that("this machine keeps the clauses that are asked for", {
  local_job_folder()
  tried <- image_conformance(
    runner = "process", language = "r", clauses = c("arguments", "sharded", "message-not-utf8", "stop-signal")
  )
  expect_s3_class(tried, "shardr_conformance")
  expect_setequal(tried$id, c("arguments", "sharded", "message-not-utf8", "stop-signal"))
  expect_true(all(tried$ok))
  expect_identical(unique(tried$language), "r")
  expect_identical(is.na(tried$problems), rep(TRUE, 4))
  expect_output(print(tried), "arguments (r): Arguments reach the program one by one", fixed = TRUE)
  expect_output(print(tried), "4 kept, 0 broken", fixed = TRUE)
})

test_that("a broken clause prints what was expected and what was found", {
  tried <- structure(
    data.frame(
      id = c("exit-code", "stdin-empty"), clause = c("The job fails.", "Nothing is there."), language = "python",
      ok = c(FALSE, TRUE), seconds = 1, problems = c("status: expected Failed, found Completed\nmore", NA), log = NA
    ),
    class = c("shardr_conformance", "data.frame")
  )
  local_reproducible_output()
  expect_snapshot(print(tried))
})

test_that("what cannot be tried is an error of its kind", {
  local_job_folder()
  near <- quote(image_conformance(runner = "process", clauses = "argument"))
  expect_error(eval(near), "did you mean \"arguments\"", class = "shardr_error_not_found")
  expect_error(image_conformance("some:image", runner = "process"), class = "shardr_error_runner_unavailable")
  expect_snapshot(error = TRUE, image_conformance(1, clauses = c(a = "b")))
})
