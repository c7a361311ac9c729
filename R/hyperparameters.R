# Hyperparameters, declared once where the script uses them. Python: runtime/parameters.py.

#' Hyperparameters of a training job
#'
#' Declares the hyperparameters of a script and gives their values, checked and in their types. SageMaker sends all of
#' them as text (`"10"`, `"true"`, and what its SDK makes of a text: `"\"top_k\""`); the script sees numbers, texts and
#' logicals.
#'
#' What is missing, misspelt, of the wrong type or out of its range is told at once: in `/opt/ml/output/failure`, which
#' becomes the job's failure reason, and as an error. Names that begin with `sagemaker_` or `_` belong to the service
#' and its tools, and are left out.
#'
#' [job_plan()] finds the call in the script without running it and checks the spec's hyperparameters by it, as far as
#' the arguments are literal.
#'
#' @param ... One declaration for each hyperparameter, under its name.
#' @param default Value when the job gives none. Without it the hyperparameter is required; with `NULL` it may be absent
#'   and is `NULL` then.
#' @param min,max Bounds of a number, both allowed themselves.
#' @param choices Texts of which the value must be one.
#' @param description What it is for, in a few words.
#' @returns `hyperparameters()`: a named list of the values. Whole numbers are integer as long as they fit, then double,
#'   below 2^53. The error has the class `shardr_error_hyperparameters_invalid` and all `problems` as a data frame.
#'   `hp_integer()` and its like: a declaration.
#' @seealso [model_path()], [log_metric()], [checkpoint()] for the other things that a training script needs.
#' @export
#' @examples
#' # What an instance of a training job finds
#' base <- tempfile()
#' dir.create(file.path(base, "input", "config"), recursive = TRUE)
#' writeLines('{"top_k": "5"}', file.path(base, "input", "config", "hyperparameters.json"))
#' writeLines(
#'   '{"current_host": "algo-1", "hosts": ["algo-1"]}', file.path(base, "input", "config", "resourceconfig.json")
#' )
#' Sys.setenv(SHARDR_BASE_DIR = base)
#'
#' hp <- hyperparameters(
#'   top_k = hp_integer(10, min = 1, max = 1000, description = "neighbours kept of each row"),
#'   mode = hp_string("top_k", choices = c("top_k", "block")),
#'   center = hp_logical(TRUE)
#' )
#' hp$top_k
#'
#' Sys.unsetenv("SHARDR_BASE_DIR")
#' unlink(base, recursive = TRUE)
hyperparameters <- function(...) {
  call <- environment()
  declared <- list(...)
  check_declared(declared, call)
  found <- read_hyperparameters(declared, given_hyperparameters(call))
  if (length(found$problems) == 0L) return(found$values)
  what <- "the hyperparameters do not fit what the script declares"
  lines <- paste0("  ", vapply(found$problems, problem_line, ""))
  write_failure(c(what, lines))
  shardr_abort("hyperparameters_invalid", paste0("T", substring(what, 2), "."), found$problems, call = call)
}

#' @rdname hyperparameters
#' @export
hp_integer <- function(default, min = NULL, max = NULL, description = NULL) {
  check_bounds(min, max, environment())
  hyperparameter("integer", missing(default), default, min = min, max = max, description = description)
}

#' @rdname hyperparameters
#' @export
hp_number <- function(default, min = NULL, max = NULL, description = NULL) {
  check_bounds(min, max, environment())
  hyperparameter("number", missing(default), default, min = min, max = max, description = description)
}

#' @rdname hyperparameters
#' @export
hp_string <- function(default, choices = NULL, description = NULL) {
  if (!is.null(choices) && (!is.character(choices) || anyNA(choices))) {
    container_abort("{.arg choices} must be texts, not {.obj_type_friendly {choices}}.", "data", environment())
  }
  hyperparameter("string", missing(default), default, choices = choices, description = description)
}

#' @rdname hyperparameters
#' @export
hp_logical <- function(default, description = NULL) {
  hyperparameter("logical", missing(default), default, description = description)
}

# A default that is missing is never looked at.
hyperparameter <- function(kind, required, default, min = NULL, max = NULL, choices = NULL, description = NULL) {
  structure(
    list(
      kind = kind, required = required, default = if (!required) default, min = min, max = max,
      choices = if (length(choices)) choices, description = description
    ),
    class = "shardr_hyperparameter"
  )
}

check_bounds <- function(min, max, call) {
  bounds <- list(min = min, max = max)
  for (name in names(bounds)) {
    bound <- bounds[[name]]
    if (!is.null(bound) && !(is.numeric(bound) && length(bound) == 1L && !is.na(bound))) {
      container_abort("{.arg {name}} must be a number, not {.obj_type_friendly {bound}}.", "data", call)
    }
  }
}

check_declared <- function(declared, call) {
  names <- names(declared)
  if (length(declared) && (is.null(names) || !all(nzchar(names)) || anyDuplicated(names))) {
    container_abort("Every hyperparameter must have a name of its own.", "data", call)
  }
  for (name in names) {
    if (!inherits(declared[[name]], "shardr_hyperparameter")) {
      container_abort("{.arg {name}} must be declared by {.fn hp_integer} or its like.", "data", call)
    }
  }
}

# As they were sent: all are text, but those in a file written by hand may be anything; null is absent.
given_hyperparameters <- function(call) {
  read_config("resourceconfig.json", call)
  found <- config_or_nothing("hyperparameters.json", call)
  lapply(Filter(Negate(is.null), found), as_sent)
}

# The file whose text becomes the failure reason of a training job.
write_failure <- function(lines) {
  path <- opt_ml("output", "failure")
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  writeBin(charToRaw(enc2utf8(paste0(lines, "\n", collapse = ""))), path)
}
