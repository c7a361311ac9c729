# A training job as a step of a pipeline.

#' A step that trains a model
#'
#' `training_step()` adds a training job to a [pipeline()]: a script, or the algorithm of an image, on N instances, with
#' channels in and one model out. What the instances leave in the folder of the model (`SM_MODEL_DIR`) becomes one
#' archive: the output `"model"`, that a later step takes by `step_output("train", "model")`. What they leave in
#' `SM_OUTPUT_DATA_DIR` is the output `"output"`.
#'
#' Without `code` the image's own program runs, which finds its hyperparameters and channels where the service's own
#' algorithms do.
#'
#' @inheritParams pipeline
#' @param ... Nothing: all arguments that follow go by their names.
#' @param name Name of the step: letters, digits and single hyphens between them, at most 63.
#' @param code The script, relative to the working directory (for a job file: to its folder); with `source_dir` its path
#'   in that folder.
#' @param source_dir A folder that goes with the script, as what it loads by `source()`.
#' @param hyperparameters What the algorithm is told, as `c(max_depth = 6, eta = 0.1)`, or a list where kinds mix:
#'   `list(top_k = 10, center = TRUE)`. All values are text to it: `TRUE` is sent as `true`, and a vector of several
#'   values or a list as JSON.
#' @param inputs A [job_input()] or a list of them, at most 20, or 19 beside a script; or simply sources with their
#'   names, as `c(train = "dataset/")`. The script finds them under `/opt/ml/input/data/<name>`.
#' @param metrics Metrics to look for in the log: names that the script logs with `log_metric()`, as
#'   `"validation:rmse"`; or a regular expression for each name, whose first group is the value, as
#'   `c("validation:rmse" = "rmse: ([0-9.]+)")`.
#' @param destination Folder or `s3://` prefix to leave the model in. Default: a fresh place for each run.
#' @param on_collision What to do when two instances write a file of the same name to the model: `"error"` (default),
#'   `"prefix_host"` (put the instance's name before the file's) or `"last_wins"`.
#' @param checkpoints `TRUE`: what the script writes to `/opt/ml/checkpoints` outlives an interruption. An `s3://`
#'   prefix: it outlives the run, too, and the next run goes on from it.
#' @param spot On SageMaker: `TRUE` takes spare instances that may be taken away, for less.
#' @param max_wait_seconds How long a spot job may wait and run together. Default: `max_runtime_seconds`.
#' @param interruptions On this machine: after how many seconds the instances are taken away, as spot instances are,
#'   each time that they have started; to rehearse it.
#' @param keep_alive_seconds On SageMaker: how long the instances wait, billed, for the next job; at most 3600.
#' @param retry_attempts On SageMaker: how often a job is tried again after an internal error, 1 to 30.
#' @param network_config A `NetworkConfig` of the SageMaker SDK that reticulate brings: its settings hold where the step
#'   does not have its own.
#' @returns The pipeline with the step, or an object of class `shardr_step` for a step without a pipeline. An error of
#'   class `shardr_error_spec_invalid` lists all that is wrong with the arguments.
#' @seealso [collect()] for the model
#' @export
#' @examples
#' pipeline("bank") |>
#'   training_step(
#'     "train", code = "train.R", inputs = job_input("train", "dataset/", distribution = "ShardedByS3Key"),
#'     instance_count = 2, hyperparameters = list(top_k = 10, center = TRUE), metrics = "validation:rmse"
#'   )
training_step <- function(pipeline = NULL, name = NULL, ..., code = NULL, source_dir = NULL, inputs = NULL,
                          hyperparameters = NULL, instance_count = NULL, instance_type = NULL, command = NULL,
                          arguments = NULL, environment = NULL, image = NULL, metrics = NULL, destination = NULL,
                          on_collision = NULL, checkpoints = NULL, spot = NULL, max_wait_seconds = NULL,
                          interruptions = NULL, keep_alive_seconds = NULL, retry_attempts = NULL,
                          volume_size_gb = NULL, max_runtime_seconds = NULL, max_attempts = NULL,
                          network_isolation = NULL, encrypt_traffic = NULL, subnets = NULL,
                          security_group_ids = NULL, volume_kms_key = NULL, output_kms_key = NULL, cache = NULL,
                          depends_on = NULL, when = NULL, network_config = NULL) {
  fields <- list(
    type = "training", source_dir = as_text(source_dir), hyperparameters = as_hyperparameters(hyperparameters),
    metrics = as_metrics(metrics), destination = as_text(destination), on_collision = as_text(on_collision),
    checkpoints = if (is.logical(checkpoints)) as_flag(checkpoints) else as_text(checkpoints), spot = as_flag(spot),
    max_wait_seconds = as_whole(max_wait_seconds), interruptions = as_numbers(interruptions),
    keep_alive_seconds = as_whole(keep_alive_seconds), retry_attempts = as_whole(retry_attempts)
  )
  new_step("training", fields, list(...), environment())
}

as_hyperparameters <- function(x) as_text_map(x, as_hyperparameter)

# All values are text to the algorithm; logicals are spelled as in JSON, and so is what has several parts.
as_hyperparameter <- function(x) {
  tree <- as_tree(x)
  if (is_problem(tree) || is.character(tree)) tree else json_text(tree)
}

# Names, or a regular expression for each name.
as_metrics <- function(x) if (is.null(names(x))) as_texts(x) else as_text_map(x, as_text)
