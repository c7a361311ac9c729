# What scripts of training jobs find by the verbs that processing jobs have.

test_that("a training job has its channels, the model and the output", {
  base <- in_training_instance(channels = c("train", "validation"))
  expect_identical(channel("train"), file.path(base, "input", "data", "train"))
  expect_identical(channel("model"), file.path(base, "model"))
  expect_identical(channel("output"), file.path(base, "output", "data"))
  known <- "\"train\", \"validation\", \"model\", and \"output\""
  expect_error(channel("test"), known, class = "shardr_error_not_found")
  expect_error(shard_files("model"), "no input named \"model\"", class = "shardr_error_not_found")
})

test_that("a training job may have no channel, and may lack the file that lists them", {
  in_training_instance()
  expect_error(channel("train"), "\"model\" and \"output\"", class = "shardr_error_not_found")
  expect_error(shard_files("train"), "This job has none", class = "shardr_error_not_found")
})

test_that("tables are read from channels and written to the output", {
  base <- in_training_instance(host = "algo-2", hosts = c("algo-1", "algo-2"), channels = "train")
  writeLines(c("a", "1"), file.path(base, "input", "data", "train", "x.csv"))
  expect_identical(read_channel("train"), data.frame(a = 1L))
  expect_identical(
    write_output(data.frame(a = 1), "output"), file.path(base, "output", "data", "part-algo-2.csv")
  )
  expect_identical(shard()$rank, 1L)
})

test_that("a training job prints its message, as it has no place for one", {
  base <- in_training_instance()
  expect_output(job_message("rows: ", 3), "^rows: 3$")
  expect_false(dir.exists(file.path(base, "output")))
})
