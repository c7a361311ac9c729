test_that("a pipeline prints as its steps", {
  bank <- pipeline("bank", parameters = list(seed = parameter("integer", 7, "Of the split."))) |>
    processing_step(
      "filter",
      code = "filter.R", arguments = c("--top", 2), instance_count = 2, expect = rows_preserved(),
      inputs = job_input("raw", "dataset/", "ShardedByS3Key"), outputs = "filtered"
    ) |>
    processing_step(
      "split",
      image = "example.com/r:1", depends_on = "filter", expect = rows_fewer(outputs = "train"),
      inputs = c(job_input("filtered", step_output("filter", "filtered")) |> list(), list(list = manifest("m.json"))),
      outputs = list("train", job_output("test", destination = "out/", on_collision = "last_wins"))
    )
  expect_snapshot(bank)
  expect_snapshot(pipeline("empty"))
})

test_that("a part prints in one line", {
  expect_snapshot({
    job_input("raw", "d/", path = "/opt/ml/processing/d")
    job_output("o", path = "/opt/ml/processing/o")
    rows_preserved()
    parameter("path")
    processing_step("a", code = "a.R")
  })
})
