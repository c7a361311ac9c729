# A job that trains on two instances: each leaves the mean of its share in the model.
train_job <- function(...) {
  put_lines("train.R", c(
    "rows <- 0",
    "for (file in list.files(Sys.getenv(\"SM_CHANNEL_TRAIN\"), full.names = TRUE)) {",
    "  rows <- rows + nrow(read.csv(file))",
    "}",
    "told <- paste(Sys.getenv(\"SM_HP_TOP_K\"), Sys.getenv(\"SM_HP_CENTER\"), Sys.getenv(\"SM_HP_KINDS\"))",
    "host <- Sys.getenv(\"SM_CURRENT_HOST\")",
    "writeLines(c(told, rows), file.path(Sys.getenv(\"SM_MODEL_DIR\"), paste0(host, \".txt\")))",
    "cat(\"[shardr] rows=\", rows, \"\\n\", sep = \"\")"
  ))
  pipeline("train") |>
    training_step(
      "train",
      code = "train.R", inputs = job_input("train", "dataset/", "ShardedByS3Key", content_type = "text/csv"),
      instance_count = 2, hyperparameters = list(center = TRUE, kinds = c("a", "b"), top_k = 10), metrics = "rows", ...
    )
}

# The files of an archive, by their names.
unpacked <- function(archive, env = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = env)
  utils::untar(archive, exdir = folder)
  files <- list.files(folder, recursive = TRUE)
  lapply(rlang::set_names(files), function(file) readLines(file.path(folder, file)))
}

test_that("a training step is added as a processing step is, and says its type", {
  piped <- pipeline("p") |> training_step("a", code = "a.R")
  listed <- pipeline("p", training_step(name = "a", code = "a.R"))
  expect_identical(spec_json(piped), spec_json(listed))
  expect_match(spec_json(piped), "{\"code\":\"a.R\",\"name\":\"a\",\"type\":\"training\"}", fixed = TRUE)
})

test_that("hyperparameters are the text that the algorithm is told", {
  told <- function(x) training_step("a", code = "a.R", hyperparameters = x)$hyperparameters
  expect_identical(told(c(k = 6, eta = 0.1, large = 1e20)), list(k = "6", eta = "0.1", large = "1e+20"))
  expect_identical(told(c(center = TRUE, scale = FALSE)), list(center = "true", scale = "false"))
  expect_identical(
    told(list(kind = factor("a"), layers = c(64, 32), one = list("x"), grid = list(b = c(1, 0.5), a = TRUE))),
    list(kind = "a", layers = "[64,32]", one = "[\"x\"]", grid = "{\"a\":true,\"b\":[1,0.5]}")
  )
})

test_that("metrics are names, or an expression for each name", {
  found <- function(...) training_step("a", code = "a.R", ...)$metrics
  expect_identical(found(metrics = "rmse"), list("rmse"))
  expect_identical(found(metrics = c(rmse = "rmse=([0-9.]+)")), list(rmse = "rmse=([0-9.]+)"))
})

test_that("all that is wrong with a training step is said at once", {
  expect_snapshot(error = TRUE, {
    training_step(
      "tr_ain", code = "a.R", hyperparameters = list(k = NA, when = Sys.Date(), ok = 1), metrics = c("a", b = "(x)"),
      spot = "yes", max_wait_seconds = 0.5, interruptions = "soon", on_collision = "shrug", checkpoints = 3,
      outputs = "model", hyperparameter = 1, expect = rows_preserved(),
      inputs = job_input("train", "d/", path = "/opt/ml/processing/x")
    )
  })
})

test_that("what is for the other kind of step is refused with the kind that it is for", {
  expect_snapshot(error = TRUE, {
    processing_step("a", code = "a.R", hyperparameters = c(k = 1), inputs = job_input("x", "d/", content_type = "a/b"))
  })
  expect_snapshot(error = TRUE, job_input("x", "d/", path = "/opt/ml/processing/x", content_type = "text/csv"))
  expect_snapshot(error = TRUE, training_step("a", code = "a.R", inputs = job_input("x", "d/", "balanced")))
})

test_that("a training step prints with what it is told and where its model goes", {
  expect_snapshot({
    pipeline("p") |>
      training_step(
        "train",
        image = "xgboost", spot = TRUE, instance_count = 2, destination = "models/",
        inputs = job_input("train", "d/", "ShardedByS3Key", input_mode = "FastFile", content_type = "text/csv"),
        hyperparameters = list(num_round = 50, center = TRUE), on_collision = "prefix_host"
      ) |>
      processing_step("score", code = "s.R", inputs = list(model = step_output("train", "model")))
  })
})

test_that("a file with training steps is read as the same job, written by hand or from here", {
  local_job_folder()
  for (file in c("job.yml", "job.json")) {
    spec_write(train_job(), file)
    expect_identical(spec_json(spec_read(file)), spec_json(train_job()))
    expect_identical(format(spec_read(file)), format(train_job()))
  }
  put_lines("hand.json", paste0(
    "{\"name\":\"train\",\"steps\":{\"name\":\"train\",\"type\":\"training\",\"code\":\"train.R\",",
    "\"instance_count\":2,",
    "\"hyperparameters\":{\"top_k\":10,\"center\":true,\"kinds\":[\"a\",\"b\"]},\"metrics\":\"rows\",\"inputs\":",
    "{\"name\":\"train\",\"source\":\"dataset/\",\"distribution\":\"ShardedByS3Key\",\"content_type\":\"text/csv\"}}}"
  ))
  expect_identical(spec_json(spec_read("hand.json")), spec_json(train_job()))
})

test_that("a plan shows what would be trained, and on what", {
  local_job_folder()
  expect_snapshot(job_plan(train_job()), transform = steady)
})

test_that("a training job runs, is described, and leaves one model of all its instances", {
  local_job_folder()
  run <- job_run(train_job())
  expect_identical(run$status, "Completed")
  expect_snapshot(run, transform = steady)
  archive <- run$steps$train$outputs$model$files
  expect_identical(basename(archive), "model.tar.gz")
  expect_identical(unpacked(archive), list(
    `algo-1.txt` = c("10 true [\"a\",\"b\"]", "4"), `algo-2.txt` = c("10 true [\"a\",\"b\"]", "1")
  ))
  expect_identical(basename(collect(run, "train", "model", merge = identity)), c("algo-1.txt", "algo-2.txt"))
  job <- job_describe(run$steps$train$job)
  expect_identical(job$TrainingJobStatus, "Completed")
  expect_identical(unlist(job$HyperParameters), c(center = "true", kinds = "[\"a\",\"b\"]", top_k = "10"))
  expect_match(job$ModelArtifacts$S3ModelArtifacts, "model[.]tar[.]gz$")
  told <- capture.output(print(job_describe(run)))
  expect_match(told, "<job train-.*: Completed>", all = FALSE)
  expect_match(told, "^  rows: [14]$", all = FALSE)
  expect_match(told, "output model: .*[(]1 file[)]", all = FALSE)
})

test_that("a later step takes the model", {
  local_job_folder()
  put_lines("look.R", c(
    "untar(file.path(shardr::channel(\"model\"), \"model.tar.gz\"), exdir = \"there\")",
    "cat(list.files(\"there\"), \"\\n\")"
  ))
  job <- train_job() |> processing_step("look", code = "look.R", inputs = list(model = step_output("train", "model")))
  lines <- capture.output(job_logs(job_run(job), step = "look"))
  expect_match(paste(lines, collapse = "\n"), "algo-1.txt algo-2.txt", fixed = TRUE)
})

test_that("a script of a folder finds what lies beside it, and a failure tells its reason", {
  local_job_folder()
  dir.create("src")
  put_lines("src/helper.R", "stop(\"no convergence after \", Sys.getenv(\"SM_HP_ROUNDS\"), \" rounds\")")
  put_lines("src/train.R", "source(\"/opt/ml/input/data/code/helper.R\")")
  job <- pipeline("bad") |>
    training_step("t", code = "train.R", source_dir = "src", hyperparameters = c(rounds = 7))
  run <- job_run(job, error = FALSE)
  expect_identical(run$status, "Failed")
  expect_match(run$steps$t$failure, "no convergence after 7 rounds")
  expect_match(capture.output(print(job_describe(run$steps$t$job))), "failure: .*no convergence", all = FALSE)
})
