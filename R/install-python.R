# Brings the Python half to where R finds it.

#' Install the Python half of shardr
#'
#' Makes a virtual environment for shardr alone and installs the Python package of the same version into it. [job_run()]
#' and the other verbs find it there. Nothing else on the machine is changed; calling it again brings it up to date. An
#' installation that fails leaves no environment behind.
#'
#' The Python half rides in this package; what it needs besides (pandas, pyarrow, boto3) comes from the package index.
#'
#' The package reticulate has a function of the same name, which installs Python itself. Where both are attached, write
#' `shardr::install_python()`.
#'
#' @param python The Python to make the environment with, 3.10 or newer, with `ssl` and a shared library. By default the
#'   first one on the PATH that will do, else the system's. Another one than before makes the environment anew.
#' @param source What to install instead of the Python half in this package: a wheel, or the folder of the sources.
#' @returns The path of the environment's Python, invisibly. Errors: `shardr_error_python_missing` when there is no
#'   Python that will do, when this package came without its Python half and `source` is not given, or when the
#'   installation fails; it carries the last lines of what was printed.
#' @export
#' @examples
#' \dontrun{
#' install_python()
#' }
install_python <- function(python = NULL, source = NULL) {
  call <- environment()
  given <- if (!is.null(python)) python_for_venv(python, call)
  what <- if (is.null(source)) carried_source(call) else source_path(source, call)
  folder <- venv_folder()
  fresh <- !venv_fits(folder, given)
  python <- given %||% if (fresh) python_for_venv(NULL, call) else venv_python(folder)
  cli::cli_inform(c(
    "Installing the Python half of shardr.",
    "*" = "Python: {.path {python}}",
    "*" = "Environment: {.path {folder}}",
    "*" = "Package: {.path {what}}"
  ))
  if (fresh) {
    unlink(folder, recursive = TRUE)
    done <- FALSE
    # Half an environment would be taken for a whole one.
    on.exit(if (!done) unlink(folder, recursive = TRUE))
    dir.create(dirname(folder), showWarnings = FALSE, recursive = TRUE)
    run_or_abort(python, c("-m", "venv", folder), "The environment could not be made.", call)
  }
  pip <- function(...) {
    arguments <- c("-m", "pip", "install", "--quiet", "--disable-pip-version-check", ..., what)
    run_or_abort(venv_python(folder), arguments, "The Python half could not be installed.", call)
  }
  pip("--upgrade")
  # A wheel of the version that is there already would be left aside, whatever is in it.
  if (!fresh) pip("--force-reinstall", "--no-deps")
  done <- TRUE
  cli::cli_inform(c("v" = "Done. {.fn doctor} tells what else this machine has and lacks."))
  if (python_may_run()) {
    cli::cli_inform(c("i" = "Restart R if a Python is running in this session already."))
  }
  invisible(venv_python(folder))
}

# The first Python that will do, of the one given or of those that a user has.
python_for_venv <- function(python, call) {
  usual <- c(Sys.which(c("python3", "python")), "/usr/bin/python3")
  places <- if (is.null(python)) usual else Sys.which(path.expand(python))
  found <- unique(places[file.exists(places)])
  problems <- list()
  for (one in found) {
    lacks <- python_lacks(one)
    if (length(lacks) == 0L) return(one)
    problems <- c(problems, list(problem(paste(lacks, collapse = ", "), path = one)))
  }
  shardr_abort(
    "python_missing",
    if (length(found)) {
      "No Python here can hold the Python half."
    } else {
      paste0("There is no ", if (is.null(python)) "Python on the PATH" else shown(python), ".")
    },
    problems,
    fix = "Install Python 3.10 or newer (Debian, Ubuntu: apt-get install python3-venv), or name one with `python`.",
    call = call
  )
}

# What a Python lacks to hold the Python half, in words. Without ssl it cannot install anything; without a shared
# library R cannot load it, as many a Python that was compiled at home.
python_lacks <- function(python) {
  told <- ask_python(python, c(
    "import glob, os, sys, sysconfig",
    "if sys.version_info < (3, 10): print('is older than Python 3.10')",
    "for module in ('ssl', 'venv', 'ensurepip'):",
    "    try: __import__(module)",
    "    except ImportError: print('has no ' + module)",
    "folders = [sysconfig.get_config_var('LIBDIR'), sysconfig.get_config_var('LIBPL'), sys.base_prefix + '/lib']",
    "kinds = ('/libpython3*.so*', '/libpython3*.dylib')",
    "found = [f for folder in folders if folder for kind in kinds for f in glob.glob(folder + kind)]",
    "framework = sysconfig.get_config_var('PYTHONFRAMEWORK')",
    "if os.name != 'nt' and not found and not framework: print('has no shared library (libpython)')"
  ))
  if (is.null(attr(told, "status"))) told else "does not run"
}

# Whether the environment works and was made with this Python, if one is given.
venv_fits <- function(folder, python) {
  here <- venv_python(folder)
  which_python <- c("import pip, sys", "print(sys.version, sys.base_prefix)")
  found <- if (file.exists(here)) ask_python(here, which_python)
  if (is.null(found) || !is.null(attr(found, "status"))) return(FALSE)
  is.null(python) || identical(found, ask_python(python, sub("pip, ", "", which_python)))
}

# What a Python prints when it runs these lines; with a status when it fails.
ask_python <- function(python, lines) {
  script <- tempfile(fileext = ".py")
  on.exit(unlink(script))
  writeLines(lines, script)
  tryCatch(
    suppressWarnings(system2(python, shQuote(script), stdout = TRUE, stderr = FALSE)),
    error = function(e) structure(character(), status = 127L) # there is a file, but no program in it
  )
}

# The Python half that came with this package: the wheel in its tarball, or the sources of the checkout it is from.
python_source <- function() {
  wheel <- list.files(system.file("python", package = "shardr"), "[.]whl$", full.names = TRUE)
  checkout <- checkout_folder()
  c(wheel, checkout[file.exists(file.path(checkout, "pyproject.toml"))])
}

wheel_name <- function() paste0("shardr-", half_version(), "-py3-none-any.whl")

carried_source <- function(call) {
  found <- python_source()
  if (length(found)) return(found[[1]])
  shardr_abort(
    "python_missing", "This R package came without its Python half.",
    fix = paste0(
      "Give `source`: the file ", wheel_name(), ", or the folder of the sources (the one with pyproject.toml).\n",
      "If `shardr install-r` brought this package, its Python has the other half: ",
      "Sys.setenv(RETICULATE_PYTHON = \"/path/to/python\")."
    ),
    call = call
  )
}

source_path <- function(source, call) {
  path <- path.expand(source)
  if (file.exists(path)) return(normalizePath(path))
  shardr_abort("python_missing", paste0("`source` is ", shown(source), ", which is not there."), call = call)
}

run_or_abort <- function(program, arguments, message, call) {
  told <- suppressWarnings(system2(program, shQuote(arguments), stdout = TRUE, stderr = TRUE))
  status <- attr(told, "status") %||% 0L
  if (status == 0L) return(invisible())
  shardr_abort("python_missing", message, why = paste(utils::tail(told, 5L), collapse = "\n"), call = call)
}
