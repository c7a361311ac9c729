# A checkpoint is read back as it was written, and each host has its own.

test_that("what was kept is read back, and the next takes its place", {
  base <- in_training_instance()
  expect_null(checkpoint())
  expect_identical(checkpoint(list(epoch = 1)), list(epoch = 1))
  checkpoint(lm(dist ~ speed, cars), "model")
  checkpoint(list(epoch = 2))
  expect_identical(checkpoint(), list(epoch = 2))
  expect_s3_class(checkpoint(name = "model"), "lm")
  expect_identical(
    list.files(file.path(base, "checkpoints"), all.files = TRUE, no.. = TRUE),
    c("algo-1-checkpoint.rds", "algo-1-model.rds")
  )
})

test_that("each host has its own where the job keeps them", {
  hosts <- c("algo-1", "algo-2")
  base <- in_training_instance(host = "algo-2", hosts = hosts)
  config <- file.path(base, "input", "config")
  writeLines("{\"LocalPath\": \"/opt/ml/kept here\"}", file.path(config, "checkpointconfig.json"))
  checkpoint(1, "deep/state")
  expect_true(file.exists(file.path(base, "kept here", "deep", "algo-2-state.rds")))
  jsonlite::write_json(
    list(current_host = "algo-1", hosts = hosts), file.path(config, "resourceconfig.json"),
    auto_unbox = TRUE
  )
  expect_null(checkpoint(name = "deep/state"))
})

test_that("what is no checkpoint is refused", {
  base <- in_training_instance()
  expect_error(checkpoint(NULL), "is NULL", class = "shardr_error_data")
  expect_error(checkpoint(1, "../x"), "inside the folder of the checkpoints", class = "shardr_error_data")
  checkpoint(1)
  writeLines("{", file.path(base, "checkpoints", "algo-1-checkpoint.rds"))
  expect_error(checkpoint(), "algo-1-checkpoint.rds.* is no checkpoint", class = "shardr_error_data")
})
