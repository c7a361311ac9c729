test_that("claims are three, on all channels or on those named", {
  expect_identical(plain(rows_preserved()), list(rows = "preserved"))
  expect_identical(plain(rows_fewer(inputs = "a")), list(rows = "fewer", inputs = list("a")))
  expect_identical(plain(rows_partitioned(outputs = c("a", "b")))$outputs, list("a", "b"))
  expect_error(rows_preserved(inputs = NA), class = "shardr_error_spec_invalid")
})

test_that("a default is of the type of its parameter", {
  expect_identical(parameter("integer", 2L)$default, 2)
  expect_identical(parameter("boolean", TRUE)$default, TRUE)
  expect_identical(parameter("number", 0.5)$default, 0.5)
  expect_snapshot(error = TRUE, parameter("integer", 2.5))
  expect_snapshot(error = TRUE, parameter("whole", 2))
  expect_error(parameter("boolean", "yes"), class = "shardr_error_spec_invalid")
  expect_error(parameter("string", NA), class = "shardr_error_spec_invalid")
})
