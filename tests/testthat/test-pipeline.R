test_that("a step is added to a pipeline, which itself does not change", {
  empty <- pipeline("p")
  full <- empty |> processing_step("a", code = "a.R")
  expect_length(empty$steps, 0)
  expect_identical(step_names(full), "a")
})

test_that("steps by themselves make the same pipeline as the pipe", {
  piped <- pipeline("p") |>
    processing_step("a", code = "a.R") |>
    processing_step("b", code = "b.R")
  listed <- pipeline("p", processing_step("a", code = "a.R"), processing_step(name = "b", code = "b.R"))
  expect_identical(spec_json(piped), spec_json(listed))
})

test_that("inputs are taken by job_input(), or by name and source", {
  full <- processing_step("a", code = "a.R", inputs = list(job_input("x", "d/"), job_input("y", step_output("s", "o"))))
  short <- processing_step("a", code = "a.R", inputs = list(x = "d/", y = step_output("s", "o")))
  expect_identical(short, full)
})

test_that("all that is wrong with a step is said at once", {
  expect_snapshot(error = TRUE, {
    processing_step(
      "fil_ter", code = 1, instance_count = 2.5, instance_cuont = 3, arguments = c(a = "b"), environment = c(A = NA),
      inputs = list(raw = c("a", "b")), outputs = 2, network_isolation = "yes", expect = "preserved",
      command = character()
    )
  })
})

test_that("NA is refused with the argument it is in", {
  expect_snapshot(error = TRUE, pipeline(NA))
  expect_snapshot(error = TRUE, processing_step("a", code = "a.R", instance_count = NA))
  expect_snapshot(error = TRUE, processing_step("a", code = "a.R", arguments = c("x", NA)))
})

test_that("NULL among several values is refused", {
  expect_snapshot(error = TRUE, processing_step("a", code = "a.R", arguments = list("x", NULL)))
})

test_that("what cannot go without a name is refused", {
  expect_snapshot(error = TRUE, processing_step("filter", "filter.R"))
  expect_snapshot(error = TRUE, pipeline("p") |> processing_step("filter", "filter.R"))
})

test_that("a name given twice is refused", {
  expect_snapshot(error = TRUE, {
    pipeline("p") |>
      processing_step("a", code = "a.R") |>
      processing_step("a", code = "b.R")
  })
  expect_error(
    pipeline("p", processing_step("a", code = "a.R"), processing_step("a", code = "b.R")),
    class = "shardr_error_spec_invalid"
  )
})

test_that("values out of range are refused with the range", {
  expect_snapshot(error = TRUE, processing_step("a", code = "a.R", instance_count = 101, volume_size_gb = 0))
  expect_snapshot(error = TRUE, processing_step("a", code = "a.R", outputs = paste0("o", 1:11)))
})

test_that("what only SageMaker uses is checked as the rest is", {
  expect_snapshot(error = TRUE, {
    processing_step("a", code = "a.R", cache = "30d", subnets = sprintf("subnet-%d", 1:17), encrypt_traffic = "yes")
    pipeline("one", role = "shardr", tags = c("a", "b"))
  })
})

test_that("parameters and steps must be what they are called", {
  expect_snapshot(error = TRUE, pipeline("p", "filter.R", parameters = list(instances = 2)))
})

test_that("a package that is only attached loads no other", {
  skip_on_cran()
  code <- "library(shardr); cat(intersect(loadedNamespaces(), c('cli', 'jsonlite', 'rlang', 'reticulate')))"
  loaded <- system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE)
  expect_length(loaded, 0)
})
