# What must be true of the rows of a step, and values to set from outside.

#' What must hold for the rows of a step
#'
#' The records of a step are counted, in and out (CSV, JSON lines, Parquet, recordIO). A claim that does not hold fails the job,
#' and the failure says how many rows went where.
#'
#' * `rows_preserved()`: as many records out as in.
#' * `rows_partitioned()`: each record in exactly one output; none lost, none repeated.
#' * `rows_fewer()`: no more records out than in.
#'
#' @param inputs,outputs Names of the inputs and outputs that count. Default: all.
#' @returns An object of class `shardr_expect` for the `expect` of [processing_step()].
#' @export
#' @examples
#' rows_preserved()
#' rows_partitioned(outputs = c("train", "validation", "test"))
rows_preserved <- function(inputs = NULL, outputs = NULL) new_expect("preserved", inputs, outputs, environment())

#' @rdname rows_preserved
#' @export
rows_partitioned <- function(inputs = NULL, outputs = NULL) new_expect("partitioned", inputs, outputs, environment())

#' @rdname rows_preserved
#' @export
rows_fewer <- function(inputs = NULL, outputs = NULL) new_expect("fewer", inputs, outputs, environment())

new_expect <- function(rows, inputs, outputs, call) {
  fields <- list(rows = rows, inputs = as_texts(inputs), outputs = as_texts(outputs))
  new_part(fields, "Expect", "shardr_expect", call)
}

#' A value of a job to set from outside
#'
#' The text `"${name}"` anywhere in a description stands for the parameter of that name. A value is given when the job
#' runs, as `job_run(bank, set = list(instances = 4))`.
#'
#' @param type `"string"` (default), `"integer"`, `"number"`, `"boolean"` or `"path"`. A path that is a default is
#'   relative to the job's folder, one that is given to the working directory.
#' @param default Value when nothing is given. Without one the value is null: the field as if it were not there.
#' @param description What it is for, in words.
#' @returns An object of class `shardr_parameter` for the `parameters` of [pipeline()].
#' @export
#' @examples
#' pipeline("bank", parameters = list(instances = parameter("integer", 2))) |>
#'   processing_step("filter", code = "filter.R", instance_count = "${instances}")
parameter <- function(type = "string", default = NULL, description = NULL) {
  type <- as_text(type)
  fields <- list(type = type, default = as_default(default, type), description = as_text(description))
  new_part(fields, "Parameter", "shardr_parameter", environment())
}

as_default <- function(x, type) {
  if (is.null(x)) return(NULL)
  if (!is_problem(type) && identical(type, "integer")) return(as_whole(x))
  if (!is_problem(type) && identical(type, "boolean")) return(as_flag(x))
  if (!is_problem(type) && identical(type, "number")) {
    return(if (is_number(x)) as.numeric(x) else problem(paste0("found ", shown(x), ", expected a number")))
  }
  as_text(x)
}
