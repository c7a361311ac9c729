# Metrics are lines that their definition finds again, as in Python: tests/contract/metrics.json.

test_that("lines agree with the contract and are found by its regexes", {
  for (case in contract_cases("metrics.json")) {
    expect_output(line <- log_metric(case$metric, as.numeric(case$value), case$step), case$line, fixed = TRUE)
    expect_identical(line, case$line)
    found <- regmatches(line, regexec(case$regex, line))[[1]][2]
    expect_identical(as.numeric(found), as.numeric(case$value))
  }
})

test_that("a missing value is nan", {
  expect_output(log_metric("a", NA_real_), "[shardr] a=nan", fixed = TRUE)
})

test_that("what is no metric is refused", {
  for (name in list("", "a\nb", strrep("a", 256), 1, NA_character_, c("a", "b"))) {
    expect_error(log_metric(name, 1), "`name` must be one line", class = "shardr_error_data")
  }
  for (value in list("1", NULL, 1:2, TRUE)) {
    expect_error(log_metric("a", value), "`value` must be one number", class = "shardr_error_data")
  }
  for (step in list(1.5, "1", NA_real_)) {
    expect_error(log_metric("a", 1, step), "`step` must be a whole number", class = "shardr_error_data")
  }
})
