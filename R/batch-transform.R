# A model asked about every record of some data, without a pipeline.

#' Ask a model about every record of some data
#'
#' `batch_transform()` runs one transform job and waits for it: the model is served on N instances, and the answers to
#' each object of the data lie in one of the same name with `.out` behind it. [transform_step()] does the same in a
#' pipeline. (The name is the service's: `transform()` is one of base R's, for data frames.)
#'
#' @param model A training step of a run, as `"RUN.STEP"`, or the run where it has one; a `model.tar.gz`, a folder or an
#'   `s3://` URI of one, with the `image` that serves it; or the name of a model that is there already.
#' @param input A path, a glob, an `s3://` prefix or a [manifest()].
#' @param output Folder or `s3://` prefix to leave the answers in. Default: a fresh place.
#' @param ... More fields of [transform_step()], by their names: `split_type = "Line"`, `assemble_with = "Line"`,
#'   `content_type = "text/csv"`, `join_source = "Input"` and so on.
#' @inheritParams job_run
#' @returns An object of class `shardr_run`, as of [job_run()], with the one step `"transform"`; [collect()] gives the
#'   answers as a data frame. Errors as of [job_run()]: `shardr_error_spec_invalid` with all that is wrong before
#'   anything runs, `shardr_error_job_failed` with the record that the model could not answer.
#' @seealso [predict.shardr_endpoint()] for a few rows at a time
#' @export
#' @examples
#' \dontrun{
#' run <- batch_transform(
#'   "first.train", "houses/", split_type = "Line", assemble_with = "Line", content_type = "text/csv",
#'   accept = "text/csv", join_source = "Input"
#' )
#' prices <- collect(run)
#' }
batch_transform <- function(model, input, output = NULL, ..., runner = NULL, engine = NULL, role = NULL,
                            bucket = NULL, name = NULL, progress = interactive(), error = TRUE) {
  call <- environment()
  if (inherits(model, "shardr_run")) model <- model$id
  given <- list(model = as_text(model), name = as_text(name), progress = as_flag(progress))
  given <- checked(given, "spec_invalid", "The model cannot be asked.", call)
  given$runner <- as_runner(runner, call)
  where <- as_where(list(engine = engine, role = role, bucket = bucket), call)
  step <- plain(transform_step(name = "transform", model = model, input = input, destination = output, ...))
  fields <- step[setdiff(names(step), c("name", "type", "model", "destination"))]
  asked <- c(fields, given, where, list(output = step$destination, base = enc2utf8(getwd())))
  wait_for(new_run(python_call("transform", asked, call)), progress, error, call)
}
