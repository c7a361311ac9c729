# Metrics of a run as a data frame that prints and draws; the logs are read by the Python half.

learning_job <- function() {
  put_lines("learn.R", c(
    "for (i in 1:4) {",
    "  shardr::log_metric(\"train:loss\", 5 - i, step = i)",
    "  shardr::log_metric(\"validation:loss\", 6 - i, step = i)",
    "}",
    "shardr::log_metric(\"odd\", NA_real_)",
    "shardr::log_metric(\"odd\", -Inf)"
  ))
  put_lines("job.yml", c(
    "name: learns",
    "steps:",
    "  - name: learn",
    "    type: training",
    "    code: learn.R",
    "    instance_count: 2",
    "    metrics: ['train:loss', 'validation:loss', odd]"
  ))
  "job.yml"
}

test_that("each value is a row, and a run prints what it logged last", {
  local_job_folder()
  run <- job_run(learning_job(), progress = FALSE)
  expect_identical(run$steps$learn$metrics, c("train:loss" = 1, "validation:loss" = 2, odd = -Inf))
  expect_output(print(run), "learn: train:loss 1, validation:loss 2, odd -inf", fixed = TRUE)
  found <- job_metrics(run)
  expect_named(found, c("step", "instance", "metric", "index", "x", "value"))
  own <- found[found$metric == "train:loss" & found$instance == "algo-2", ]
  expect_identical(own$x, c(1, 2, 3, 4))
  expect_identical(own$value, c(4, 3, 2, 1))
  expect_identical(found$value[found$metric == "odd"], c(NaN, -Inf, NaN, -Inf))
  expect_identical(as.data.frame(job_metrics(run$id, step = "learn")), as.data.frame(found))
  printed <- utils::capture.output(print(found))
  expect_length(printed, 7)
  expect_match(printed[3], "^learn  train:loss +algo-2 +4 +1 +1 +4 +4 +1  ")
  expect_output(print(found[1:2, c("x", "value")]), "value")
  for (file in c("metrics.png", "metrics.pdf")) {
    expect_identical(withVisible(plot(found, file = file))$visible, FALSE)
    expect_gt(file.size(file), 2000)
  }
  expect_silent(plot(found[found$metric == "odd", ], file = "odd.png"))
  expect_error(plot(found, file = "metrics.doc"), "png", class = "shardr_error_data")
  expect_error(job_metrics(run, step = "other"), "no step", class = "shardr_error_not_found")
})

test_that("a run without metrics prints that and is no picture", {
  local_job_folder()
  found <- job_metrics(job_run(copy_job(), progress = FALSE))
  expect_identical(nrow(found), 0L)
  expect_output(print(found), "no metric was logged")
  expect_error(plot(found, file = "metrics.png"), "logged no metric", class = "shardr_error_data")
  expect_error(job_metrics("nothing"), class = "shardr_error_not_found")
})

test_that("a line of text of values agrees with the contract", {
  for (case in contract_cases("sparklines.json")) {
    values <- vapply(case$values, as.numeric, 0)
    expect_identical(sparkline(values, case$width, spark_marks$blocks), enc2utf8(case$blocks))
    expect_identical(sparkline(values, case$width, spark_marks$ascii), case$ascii)
  }
})
