# One script of a step, run here and now in this R, as Python's `shardr.r.preview()` asks for it.

# Runs `file` with `base` standing for /opt/ml, and puts back all that a script changes around itself: environment
# variables, working directory, packages attached and the random seed. `environment` is a named list of strings.
preview_script <- function(file, base, arguments, environment) {
  script <- parse(file, keep.source = TRUE, encoding = "UTF-8")
  fixed <- unique(Filter(function(x) grepl("^/opt/ml(/|$)", x), string_constants(script)))
  if (length(fixed)) {
    cli::cli_abort(
      c(
        "The script has fixed paths: {.val {fixed}}.",
        "x" = "A preview has no /opt/ml; it runs in a temporary folder.",
        "i" = "Use {.code channel()}, {.code read_channel()} and {.code write_output()}, or run the whole step."
      ),
      class = c("shardr_error_r_call", "shardr_error"), call = NULL
    )
  }
  environment <- c(environment, list(SHARDR_BASE_DIR = base))
  before <- list(
    environment = Sys.getenv(names(environment), unset = NA, names = TRUE), folder = setwd(base),
    attached = search(), seed = globalenv()[[".Random.seed"]]
  )
  on.exit(preview_restore(before))
  do.call(Sys.setenv, environment)
  scope <- new.env(parent = globalenv())
  scope$commandArgs <- function(trailingOnly = FALSE) { # nolint: object_name_linter. The name in base R.
    c(if (!trailingOnly) c("Rscript", paste0("--file=", file), "--args"), as.character(arguments))
  }
  scope$quit <- scope$q <- function(save = "default", status = 0, ...) {
    stop(structure(
      class = c("shardr_script_quit", "error", "condition"),
      list(message = paste("the script quit with status", status), call = NULL, status = status)
    ))
  }
  tryCatch(
    for (expression in script) eval(expression, scope),
    shardr_script_quit = function(e) if (e$status != 0) stop(e)
  )
  invisible()
}

preview_restore <- function(before) {
  setwd(before$folder)
  unset <- is.na(before$environment)
  Sys.unsetenv(names(before$environment)[unset])
  if (any(!unset)) do.call(Sys.setenv, as.list(before$environment[!unset]))
  for (package in setdiff(search(), before$attached)) {
    detach(package, character.only = TRUE)
  }
  if (is.null(before$seed)) {
    suppressWarnings(rm(".Random.seed", envir = globalenv()))
  } else {
    assign(".Random.seed", before$seed, envir = globalenv())
  }
}

string_constants <- function(expression) {
  if (is.character(expression)) {
    expression
  } else if (is.recursive(expression) && !is.environment(expression)) {
    unlist(lapply(as.list(expression), function(x) if (missing(x)) NULL else string_constants(x)))
  }
}
