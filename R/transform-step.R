# A transform job as a step of a pipeline.

#' A step that asks a model about every record
#'
#' `transform_step()` adds a transform job (batch transform) to a [pipeline()]: a model is served on N instances, each
#' object of the input goes to one of them, record by record, and the answers to an object lie in one of the same name
#' with `.out` behind it. They are the output `"transformed"`, that a later step takes by
#' `step_output("ask", "transformed")` and [collect()] reads: a table without names has the columns `V1`, `V2` and so
#' on, and of JSON lines a list has a column for each element.
#'
#' One bad record costs its object, not the others: the job fails and names the record, the object has no answers, the
#' others keep theirs.
#'
#' @inheritParams pipeline
#' @param ... Nothing: all arguments that follow go by their names.
#' @param name Name of the step: letters, digits and single hyphens between them, at most 63.
#' @param model The model: `step_output("train", "model")` of a training step; a `model.tar.gz`, a folder or an
#'   `s3://` URI of one; or a [known_model()] that is there already. Code that serves it is in its folder `code/`.
#' @param input What is asked about: a path or a glob, an `s3://` prefix, a [step_output()] or a [manifest()].
#' @param image What serves the model: an image of shardr's, or any image URI. Default: that of the training step, and
#'   `"serving"` where that is `"processing"`. An archive needs one, a [known_model()] has its own.
#' @param content_type What the data is, as `"text/csv"`.
#' @param split_type What a record is: `"None"` (default), the whole object; `"Line"`; `"RecordIO"`; `"TFRecord"`.
#' @param compression `"Gzip"` expands objects first. Default: `"None"`.
#' @param csv_lines `TRUE`: on this machine, a newline inside quotes does not end a line. SageMaker does not look at
#'   quotes.
#' @param strategy How many records a request has: `"MultiRecord"`, as many as `max_payload_mb` holds, or
#'   `"SingleRecord"`. Default: what the container says, else `"MultiRecord"`.
#' @param max_payload_mb How large a request may be, in MB, at most 100. Default: what the container says, else 6.
#' @param max_concurrent_transforms How many requests an instance gets at once. Default: what the container says,
#'   else 1.
#' @param invocations_timeout_seconds How long an answer may take, 1 to 3600. Default: 600.
#' @param invocations_max_retries How often a request is sent again that the server failed at, 0 to 3. Default: 3.
#' @param accept What the answers are to be, as `"text/csv"`. Default: as the model likes.
#' @param assemble_with `"Line"`: each answer ends with a newline. Default: `"None"`.
#' @param input_filter,output_filter JSONPath to what of a record the model gets, as `"$[1:]"`, and to what of the
#'   answer, joined or not, is kept. Default: all.
#' @param join_source `"Input"`: each answer stands behind the record that it is to. Default: `"None"`.
#' @param environment Environment variables of the instances, as `c(LEVEL = "debug")`, at most 16.
#' @param destination Folder or `s3://` prefix to leave the answers in. Default: a fresh place for each run.
#' @param network_isolation `TRUE` cuts the model off the network.
#' @returns The pipeline with the step, or an object of class `shardr_step` for a step without a pipeline. An error of
#'   class `shardr_error_spec_invalid` lists all that is wrong with the arguments.
#' @seealso [batch_transform()] asks a model at once, without a pipeline
#' @export
#' @examples
#' pipeline("prices") |>
#'   training_step("train", image = "xgboost", inputs = c(train = "houses/"), hyperparameters = c(num_round = 10)) |>
#'   transform_step(
#'     "ask", model = step_output("train", "model"), input = "new/", content_type = "text/csv", split_type = "Line",
#'     assemble_with = "Line", accept = "text/csv", join_source = "Input"
#'   )
transform_step <- function(pipeline = NULL, name = NULL, ..., model = NULL, input = NULL, image = NULL,
                           content_type = NULL, split_type = NULL, compression = NULL, csv_lines = NULL,
                           strategy = NULL, max_payload_mb = NULL, max_concurrent_transforms = NULL,
                           invocations_timeout_seconds = NULL, invocations_max_retries = NULL, accept = NULL,
                           assemble_with = NULL, input_filter = NULL, join_source = NULL, output_filter = NULL,
                           environment = NULL, destination = NULL, instance_count = NULL, instance_type = NULL,
                           max_attempts = NULL, network_isolation = NULL, subnets = NULL,
                           security_group_ids = NULL, volume_kms_key = NULL, output_kms_key = NULL, cache = NULL,
                           depends_on = NULL, when = NULL) {
  fields <- list(
    type = "transform", model = as_model(model), input = as_source(input), content_type = as_text(content_type),
    split_type = as_text(split_type), compression = as_text(compression), csv_lines = as_flag(csv_lines),
    strategy = as_text(strategy), max_payload_mb = as_whole(max_payload_mb),
    max_concurrent_transforms = as_whole(max_concurrent_transforms),
    invocations_timeout_seconds = as_whole(invocations_timeout_seconds),
    invocations_max_retries = as_whole(invocations_max_retries), accept = as_text(accept),
    assemble_with = as_text(assemble_with), input_filter = as_text(input_filter),
    join_source = as_text(join_source), output_filter = as_text(output_filter), destination = as_text(destination)
  )
  new_step("transform", fields, list(...), environment())
}

#' @rdname transform_step
#' @param model_name Name of a model that is there already, as CreateModel made it.
#' @export
known_model <- function(model_name) {
  fields <- list(model_name = as_text(if (missing(model_name)) NULL else model_name))
  new_part(fields, "KnownModel", "shardr_known_model", environment())
}

as_model <- function(x) {
  if (inherits(x, c("shardr_step_output", "shardr_known_model"))) return(x)
  if (inherits(x, "shardr_step")) {
    return(problem("found a step, expected its model", "write step_output(\"step\", \"model\")"))
  }
  if (is_fields(x)) return(part_of_fields(x, list(step_output = step_output, known_model = known_model)))
  as_text(x)
}
