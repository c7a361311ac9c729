# Metrics: a line of the log that the job's metric definition finds again. Python: runtime/metrics.py.

#' Log a metric of a training job
#'
#' Prints one line such as `[shardr] validation:rmse=0.25 step=3`, in the form that a plain name under `metrics` of the
#' step looks for. The last value that any instance logs becomes the metric's final value.
#'
#' @param name Name of the metric, as the step has it.
#' @param value One number. It is written so that it reads back as the same number; `NA` and `NaN` are `nan`.
#' @param step Number of the round or epoch, or `NULL`.
#' @returns The line, invisibly.
#' @seealso [hyperparameters()], [save_model()]
#' @export
#' @examples
#' log_metric("validation:rmse", 0.25, step = 3)
log_metric <- function(name, value, step = NULL) {
  line <- metric_line(name, value, step, environment())
  cat(line, "\n", sep = "")
  flush(stdout())
  invisible(line)
}

metric_line <- function(name, value, step, call) {
  named <- is.character(name) && length(name) == 1L && !is.na(name) && nchar(name) %in% 1:255
  if (!named || grepl("[\r\n]", name)) {
    container_abort(
      c("{.arg name} must be one line of 1 to 255 characters.", "x" = "Found {.val {name}}."), "data", call
    )
  }
  if (!is.numeric(value) || length(value) != 1L) {
    container_abort("{.arg value} must be one number, not {.obj_type_friendly {value}}.", "data", call)
  }
  if (!is.null(step) && !(is.numeric(step) && length(step) == 1L && isTRUE(step == floor(step)))) {
    container_abort("{.arg step} must be a whole number, not {.obj_type_friendly {step}}.", "data", call)
  }
  at <- if (!is.null(step)) sprintf(" step=%.0f", step)
  paste0("[shardr] ", name, "=", metric_number(value), at)
}

# As number_text(), and what JSON does not have.
metric_number <- function(x) {
  if (is.na(x)) "nan" else if (is.infinite(x)) (if (x > 0) "inf" else "-inf") else number_text(x)
}
