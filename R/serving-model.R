# Serving of models, inside instances: the code that a user writes, and what stands in for what is not written.
# In Python that is runtime/serving/code.py.

#' Serve a model
#'
#' Answers `GET /ping` and `POST /invocations` on port 8080, as SageMaker's endpoints and batch transforms ask. The
#' model is loaded once; a worker for each core is forked of it, and nginx stands before them, so that `/ping` never
#' waits behind a prediction. A worker that dies or grows too large is replaced, requests past the queue get 503 with
#' `Retry-After`, and SIGTERM ends it when what runs has been answered. Needs nginx, bash and the package httpuv.
#'
#' The code defines `predict_fn(model, data)`, and where the defaults do not do:
#'
#' - `model_fn(dir)`: the model, of the files in `dir`. Default: the one `.rds` file in it.
#' - `input_fn(body, content_type)`: the `data`. Default: a data frame of CSV, JSON or JSON lines. An error in it is
#'   the status 400.
#' - `output_fn(prediction, accept)`: the text of the answer, or `list(text, content_type)`. Default: a line or an
#'   element for each row.
#' - `columns`: names of the columns where a request does not have them.
#'
#' A file named `plumber.R` is an API of plumber with `/invocations`, and runs as it is. The number of workers is
#' `SHARDR_WORKERS`, else `SAGEMAKER_MODEL_SERVER_WORKERS`, else that of the cores; `docs/serving.md` has the other
#' settings, and the forms of requests and answers.
#'
#' @param code The file. Default: `inference.R`, `predict.R` or `plumber.R` in the folder `code` of the model.
#' @returns The exit status, when it has been stopped, invisibly.
#' @export
#' @examples
#' \dontrun{
#' serve_model("predict.R")
#' }
serve_model <- function(code = NULL) {
  program <- system.file("container", "serve.sh", package = "shardr")
  code <- if (!is.null(code)) shQuote(normalizePath(code, mustWork = TRUE))
  invisible(system2("bash", c(shQuote(program), code)))
}

code_names <- c("inference.R", "predict.R", "plumber.R")

# The file with the user's code: the one given, or that in the archive of the model.
serving_code <- function(code, call = environment()) {
  folder <- opt_ml("model", "code")
  named <- basename(Sys.getenv("SAGEMAKER_PROGRAM"))
  names <- c(if (grepl("[.][Rr]$", named)) named, code_names)
  places <- if (is.null(code)) file.path(folder, names) else code
  found <- places[file.exists(places)]
  if (length(found) == 0L) {
    container_abort(
      c(
        "There is no code to serve the model with: {.path {places}}.",
        "i" = "Put a file that defines {.code predict_fn(model, data)} into {.path code/} of the model's archive."
      ),
      "not_found", call
    )
  }
  found[[1L]]
}

# What is served: functions of the request, or the router of a plumber file; the model is loaded.
served_model <- function(file, call = environment()) {
  setwd(dirname(file))
  file <- basename(file)
  if (grepl("^plumber[.][Rr]$", file)) return(getExportedValue("plumber", "plumb")(file))
  code <- new.env(parent = globalenv())
  sys.source(file, code, keep.source = TRUE)
  written <- function(name) get0(name, code, mode = "function", inherits = FALSE)
  if (is.null(written("predict_fn"))) {
    container_abort("{.path {file}} does not define {.code predict_fn(model, data)}.", "data", call)
  }
  folder <- opt_ml("model")
  list(
    model = (written("model_fn") %||% saved_model)(folder),
    predict = written("predict_fn"),
    input = written("input_fn"),
    output = written("output_fn"),
    columns = get0("columns", code, mode = "character", inherits = FALSE)
  )
}

saved_model <- function(folder, call = environment()) {
  files <- list.files(folder, "[.]rds$", ignore.case = TRUE)
  if (length(files) != 1L) {
    container_abort(
      c(
        "{.path {folder}} has {length(files)} .rds files, so it is not known which is the model.",
        "i" = "Define {.code model_fn(dir)} beside {.code predict_fn()}."
      ),
      "data", call
    )
  }
  readRDS(file.path(folder, files))
}
