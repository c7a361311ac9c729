test_that("an input refuses what the service would refuse", {
  expect_snapshot(error = TRUE, job_input("raw", "x", "shardedbys3key", path = "/tmp"))
  expect_snapshot(error = TRUE, job_input("raw"))
  expect_snapshot(error = TRUE, job_input("-raw", c("a.csv", "b.csv")))
})

test_that("an output says how it may collide", {
  expect_identical(plain(job_output("o", on_collision = "last_wins")), list(name = "o", on_collision = "last_wins"))
  expect_error(job_output("o", on_collision = "overwrite"), class = "shardr_error_spec_invalid")
})

test_that("a step is no source, one of its outputs is", {
  step <- processing_step("a", code = "a.R")
  expect_error(job_input("raw", step), "step_output", class = "shardr_error_spec_invalid")
})

test_that("names of outputs that would be lost are refused", {
  expect_error(processing_step("a", code = "a.R", outputs = c(x = "o")), "job_output", class = "shardr_error")
})

test_that("what is wrong with an input inside a step is told with its place", {
  found <- tryCatch(processing_step("a", code = "a.R", inputs = list(a = "x", b = NA)), shardr_error = identity)
  expect_identical(found$problems$path, "inputs[[2]]$source")
})
