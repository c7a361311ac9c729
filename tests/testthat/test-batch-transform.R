test_that("a model is asked about files without a pipeline, and a bad record is told with its place", {
  model <- local_model()
  put_lines("rows.csv", c("1,2", "3,4"))
  run <- batch_transform(
    model, "rows.csv", "answers",
    image = "xgboost", split_type = "Line", assemble_with = "Line", content_type = "text/csv"
  )
  expect_identical(names(run$steps), "transform")
  expect_identical(run$steps$transform$rows_in, 2)
  expect_equal(collect(run)$V1, c(1, 1), tolerance = 0.1)
  expect_identical(list.files("answers"), "rows.csv.out")
  put_lines("bad.csv", c("1,2", "a,b"))
  expect_error(
    batch_transform(paste0(run$id, "-transform"), "bad.csv", split_type = "Line", strategy = "SingleRecord",
                    content_type = "text/csv"),
    "bad.csv: record 2: Bad HTTP status received from algorithm: 4",
    class = "shardr_error_job_failed"
  )
})

test_that("what is no model and what is no argument is told before anything runs", {
  local_job_folder()
  expect_error(
    batch_transform("nothing", "dataset/"), "no file, no run and no model",
    class = "shardr_error_spec_invalid"
  )
  expect_error(batch_transform("nothing", "dataset/", code = "a.R"), "processing and training steps only")
  expect_error(batch_transform(1, "dataset/"), "expected text", class = "shardr_error_spec_invalid")
  expect_length(list.files("home/jobs"), 0L)
})
