# Brings the Python half to where R finds it.

#' Install the Python half of shardr
#'
#' Makes a virtual environment for shardr alone and installs the Python package of the same version into it. [job_run()]
#' and the other verbs find it there. Nothing else on the machine is changed; calling it again brings it up to date.
#'
#' @param python The Python to make the environment with, 3.10 or newer. By default the first one found on the PATH.
#' @param source What to install instead of the published package: a wheel, or the folder of the sources.
#' @returns The path of the environment's Python, invisibly. Errors: `shardr_error_python_missing` when there is no
#'   Python that will do, or when the installation fails; it carries the last lines of what was printed.
#' @export
#' @examples
#' \dontrun{
#' install_python()
#' }
install_python <- function(python = NULL, source = NULL) {
  call <- environment()
  python <- python_for_venv(python, call)
  folder <- venv_folder()
  what <- if (is.null(source)) paste0("shardr==", half_version()) else source_path(source, call)
  cli::cli_inform(c(
    "Installing the Python half of shardr.",
    "*" = "Python: {.path {python}}",
    "*" = "Environment: {.path {folder}}",
    "*" = "Package: {.val {what}}"
  ))
  dir.create(dirname(folder), showWarnings = FALSE, recursive = TRUE)
  if (!file.exists(venv_python(folder))) {
    run_or_abort(
      python, c("-m", "venv", folder), "The environment could not be made.",
      "Debian, Ubuntu: apt-get install python3-venv", call
    )
  }
  pip <- c("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", what)
  run_or_abort(venv_python(folder), pip, "The Python half could not be installed.", NULL, call)
  cli::cli_inform(c("v" = "Done. {.fn doctor} tells what else this machine has and lacks."))
  if (python_may_run()) {
    cli::cli_inform(c("i" = "Restart R if a Python is running in this session already."))
  }
  invisible(venv_python(folder))
}

python_for_venv <- function(python, call) {
  found <- if (is.null(python)) Sys.which(c("python3", "python")) else Sys.which(path.expand(python))
  found <- found[nzchar(found)]
  for (one in found) {
    asked <- c("-c", shQuote("import sys; sys.exit(sys.version_info < (3, 10))"))
    if (system2(one, asked, stdout = FALSE, stderr = FALSE) == 0L) return(one)
  }
  if (length(found)) {
    shardr_abort("python_missing", paste(found[[1]], "is older than Python 3.10."), call = call)
  }
  shardr_abort(
    "python_missing", paste0("There is no ", if (is.null(python)) "Python on the PATH" else shown(python), "."),
    fix = "Install Python 3.10 or newer (Debian, Ubuntu: apt-get install python3-venv), or name one with `python`.",
    call = call
  )
}

source_path <- function(source, call) {
  path <- path.expand(source)
  if (file.exists(path)) return(normalizePath(path))
  shardr_abort("python_missing", paste0("`source` is ", shown(source), ", which is not there."), call = call)
}

run_or_abort <- function(program, arguments, message, fix, call) {
  told <- suppressWarnings(system2(program, shQuote(arguments), stdout = TRUE, stderr = TRUE))
  status <- attr(told, "status") %||% 0L
  if (status == 0L) return(invisible())
  why <- paste(utils::tail(told, 5L), collapse = "\n")
  shardr_abort("python_missing", message, why = why, fix = fix, call = call)
}
