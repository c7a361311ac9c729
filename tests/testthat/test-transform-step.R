test_that("a transform step is added as others are, and says its type", {
  made <- function(...) transform_step(..., model = "m.tar.gz", image = "pca", input = "data/")
  piped <- pipeline("p") |> made("a")
  expect_identical(spec_json(piped), spec_json(pipeline("p", made(name = "a"))))
  expect_match(spec_json(piped), "\"model\":\"m.tar.gz\",\"name\":\"a\",\"type\":\"transform\"", fixed = TRUE)
})

test_that("all that is wrong with a transform step is said at once", {
  expect_snapshot(error = TRUE, {
    transform_step(
      "a b", model = training_step("t", image = "pca"), input = c("x", "y"), split_type = "Lines", max_payload_mb = 1.5,
      code = "a.R", hyperparameters = c(k = 1), inputs = "d/", csv_lines = "yes", splittype = "Line"
    )
  })
  expect_snapshot(error = TRUE, known_model("a b"))
  expect_snapshot(error = TRUE, training_step("a", image = "pca", split_type = "Line"))
})

test_that("a transform step prints with what is asked about what", {
  expect_snapshot({
    pipeline("p") |>
      training_step("train", image = "xgboost", inputs = c(train = "d/")) |>
      transform_step(
        "ask", model = step_output("train", "model"), input = "new/", split_type = "Line", instance_count = 2,
        destination = "answers/"
      ) |>
      transform_step("again", model = "m.tar.gz", image = "pca", input = step_output("ask", "transformed")) |>
      transform_step("known", model = known_model("prices"), input = manifest("list.json"), depends_on = "ask")
  })
})

test_that("a model that a step trains is asked, and the answers are a data frame", {
  local_job_folder()
  if (!reticulate::py_module_available("xgboost")) skip("the Python half has no xgboost")
  put_lines("rows.csv", paste(1:20, 1:20, sep = ","))
  put_lines("new.csv", c("id-a,1", "id-b,20"))
  job <- pipeline("asking") |>
    training_step(
      "train",
      image = "xgboost", inputs = job_input("train", "rows.csv", content_type = "text/csv"),
      hyperparameters = list(num_round = 20, objective = "reg:squarederror", min_child_weight = 0)
    ) |>
    transform_step(
      "ask",
      model = step_output("train", "model"), input = "new.csv", content_type = "text/csv", split_type = "Line",
      assemble_with = "Line", accept = "text/csv", input_filter = "$[1:]", join_source = "Input",
      output_filter = "$[0,-1]"
    )
  run <- job_run(job)
  found <- collect(run, "ask", "transformed")
  expect_identical(found$V1, c("id-a", "id-b"))
  expect_equal(found$V2, c(1, 20), tolerance = 0.1)
})
