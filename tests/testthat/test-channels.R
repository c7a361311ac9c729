test_that("an input refuses what the service would refuse", {
  expect_snapshot(error = TRUE, job_input("raw", "x", "shardedbys3key", path = "/tmp"))
  expect_snapshot(error = TRUE, job_input("raw"))
  expect_snapshot(error = TRUE, job_input("-raw", c("a.csv", "b.csv")))
})

test_that("a misspelt mode is told with all that there are where the input may be used", {
  said <- function(...) {
    tryCatch(job_input("raw", "x/", ..., input_mode = "Pip"), shardr_error_spec_invalid = identity)$problems$message
  }
  every <- "found \"Pip\", expected one of \"File\", \"FastFile\", \"Pipe\"; did you mean \"Pipe\"?"
  expect_identical(said(), every)
  expect_identical(said(shuffle_seed = 1), every)
  of_processing <- "found \"Pip\", expected one of \"File\", \"Pipe\"; did you mean \"Pipe\"?"
  expect_identical(said(path = "/opt/ml/processing/raw"), of_processing)
  expect_identical(said(distribution = "balanced"), of_processing)
  expect_identical(job_input("raw", "x/", input_mode = "${mode}")$input_mode, "${mode}")
})

test_that("an output says how it may collide", {
  expect_identical(plain(job_output("o", on_collision = "last_wins")), list(name = "o", on_collision = "last_wins"))
  expect_error(job_output("o", on_collision = "overwrite"), class = "shardr_error_spec_invalid")
})

test_that("a step is no source, one of its outputs is", {
  step <- processing_step("a", code = "a.R")
  expect_error(job_input("raw", step), "step_output", class = "shardr_error_spec_invalid")
})

test_that("a list is the source, or the model, that it is in a job file", {
  expect_identical(job_input("train", list(manifest = "m.json")), job_input("train", manifest("m.json")))
  expect_identical(
    job_input("raw", list(step = "filter", output = "kept")), job_input("raw", step_output("filter", "kept"))
  )
  expect_identical(
    processing_step("a", code = "a.R", inputs = list(raw = list(manifest = "m.json")))$inputs[[1]]$source,
    manifest("m.json")
  )
  asked <- transform_step("a", model = list(model_name = "prices"), input = list(manifest = "m.json"))
  expect_identical(asked$model, known_model("prices"))
  expect_identical(asked$input, manifest("m.json"))
})

test_that("a list that is no source is refused with what makes one", {
  refused <- function(source) {
    found <- tryCatch(job_input("train", source), shardr_error_spec_invalid = identity)
    unlist(found$problems[1, ])
  }
  expect_identical(
    refused(list(file = "a.csv")),
    c(path = "source", message = "found a list of \"file\"", fix = "make it with step_output() or manifest()")
  )
  expect_identical(refused(list(step = "a"))[1:2], c(path = "source$output", message = "is required"))
  expect_error(job_output(list(name = "o")), "found an object of class list", class = "shardr_error_spec_invalid")
})

test_that("names of outputs that would be lost are refused", {
  expect_error(processing_step("a", code = "a.R", outputs = c(x = "o")), "job_output", class = "shardr_error")
})

test_that("what is wrong with an input inside a step is told with its place", {
  found <- tryCatch(processing_step("a", code = "a.R", inputs = list(a = "x", b = NA)), shardr_error = identity)
  expect_identical(found$problems$path, "inputs[[2]]$source")
})
