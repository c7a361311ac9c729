# A model of the built-in XGBoost that says about 1 to everything, made by the Python half.
local_model <- function(env = parent.frame()) {
  folder <- local_job_folder(env)
  found <- reticulate::py_module_available("xgboost")
  if (!found) skip("the Python half has no xgboost")
  reticulate::py_run_string(paste(
    "import io, tarfile, numpy, xgboost",
    "def shardr_test_model(path):",
    "    data = xgboost.DMatrix(numpy.arange(40.0).reshape(20, 2), label=numpy.ones(20))",
    "    raw = bytes(xgboost.train({'base_score': 1.0}, data, 1).save_raw('json'))",
    "    about = tarfile.TarInfo('xgboost-model'); about.size = len(raw)",
    "    with tarfile.open(path, 'w:gz') as tar: tar.addfile(about, io.BytesIO(raw))",
    sep = "\n"
  ))
  reticulate::py$shardr_test_model(file.path(folder, "model.tar.gz"))
  "model.tar.gz"
}

test_that("a model is deployed, asked with a data frame, listed and deleted", {
  model <- local_model()
  withr::defer(tryCatch(endpoint_delete("prices"), shardr_error_not_found = identity))
  made <- deploy(model, "prices", image = "xgboost", ttl_seconds = 600)
  expect_s3_class(made, "shardr_endpoint")
  expect_output(print(made), "<endpoint prices> InService, 1 instance", fixed = TRUE)
  rows <- data.frame(a = c(1.5, NA, 3), b = 1:3)
  found <- predict(made, rows)
  expect_named(found, "V1")
  expect_equal(found$V1, c(1, 1, 1), tolerance = 0.1)
  expect_equal(predict(endpoint("prices"), rows[1, ]), found[1, , drop = FALSE])
  expect_identical(nrow(predict(made, rows[0, ])), 0L)
  listed <- endpoints()
  expect_identical(listed$name, "prices")
  expect_identical(listed$instances, 1)
  expect_equal(listed$usd_per_day, 2.76, tolerance = 0.01)
  expect_output(print(listed), "prices +InService +1 .* 2[.]76")
  expect_identical(endpoint_delete(made), "prices")
  expect_error(endpoint("nothing"), class = "shardr_error_not_found")
})

test_that("what a model refuses, and what is no model, is told", {
  model <- local_model()
  withr::defer(tryCatch(endpoint_delete("prices"), shardr_error_not_found = identity))
  expect_error(deploy(model, "prices"), "which image serves it", class = "shardr_error_spec_invalid")
  expect_error(deploy("nothing", "prices"), class = "shardr_error_spec_invalid")
  made <- deploy(model, "prices", image = "xgboost")
  expect_error(predict(made, data.frame(a = "text")), class = "shardr_error_invocation")
  expect_error(predict(made, 1:3), "expected a data frame", class = "shardr_error_data")
  expect_error(predict(made, data.frame(a = "x\ny")), "line end", class = "shardr_error_data")
})

test_that("numbers travel with all their digits, and text as CSV has it", {
  rows <- data.frame(a = c(0.1 + 0.2, 1e6, NA), b = c("x,y", "he said \"no\"", NA), c = c(TRUE, NA, FALSE))
  expect_identical(
    request_lines(rows), c("0.30000000000000004,\"x,y\",TRUE", "1000000,\"he said \"\"no\"\"\",", ",,FALSE")
  )
})
