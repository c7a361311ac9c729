# The Python half, and the only file that knows reticulate. Text crosses, in JSON, and the raw columns of a frame;
# errors come back as answers and become conditions here.

# The answer of a verb of the Python half, as plain lists; an error of it as a condition.
python_call <- function(verb, arguments, call) {
  force(arguments) # what is wrong with them is told before Python starts
  door <- python_door(call)
  text <- interruptible(door$call(verb, json_text(arguments)))
  python_answer(text, call)
}

# A merged output as a data frame; of .rds files, a list of what is in each, by the files' names.
python_frame <- function(run, step, output, fill, call) {
  door <- python_door(call)
  packed <- interruptible(door$collect_frame(run, step, output, fill))
  header <- python_answer(packed[[1]], call)
  if (!is.list(header)) return(frame_from_python(list(header, packed[[2]])))
  paths <- as.character(unlist(header$rds))
  stats::setNames(lapply(paths, readRDS), basename(paths))
}

# The metrics of a run as a data frame, a row for each value.
python_metrics <- function(id, step, call) {
  packed <- interruptible(python_door(call)$metrics_frame(id, step))
  frame_from_python(list(python_answer(packed[[1]], call), packed[[2]]))
}

# The fields that an object of Python stands for, such as an input of the SageMaker SDK; an error of class
# shardr_error_spec_invalid for one that stands for none.
python_fields <- function(kind, object, place = 1L, call = NULL) {
  python_answer(python_door(call)$fields(kind, object, as.integer(place)), call)
}

is_python <- function(x) inherits(x, "python.builtin.object")

python_answer <- function(text, call) {
  Encoding(text) <- "UTF-8"
  answer <- jsonlite::fromJSON(text, simplifyVector = FALSE, bigint_as_char = FALSE)
  if (is.null(answer$error)) answer$ok else python_abort(answer$error, call)
}

# Ctrl-C in the middle of a call reaches Python first; it is R's all the same.
interruptible <- function(expr) {
  tryCatch(expr, error = function(e) {
    if (grepl("KeyboardInterrupt", conditionMessage(e), fixed = TRUE)) rlang::interrupt()
    stop(e)
  })
}

# Stops with the condition that an error of the Python half stands for, in the words of R.
python_abort <- function(error, call, ...) {
  problems <- lapply(error$problems, function(found) {
    problem(in_r_words(found$message), in_r_words(found$fix), r_place(found$path))
  })
  shardr_abort(
    error$code, in_r_words(error$message), problems, why = in_r_words(error$why), fix = in_r_words(error$fix),
    ..., call = call
  )
}

# Places are counted from 1 and written as R writes them; what the shell would do, R does by its own verbs.
in_r_words <- function(text) {
  if (is.null(text)) return(NULL)
  lists <- "steps|inputs|outputs|arguments|command|depends_on|metrics|interruptions"
  places <- gregexpr(paste0("\\b(", lists, ")\\[[0-9]+\\]"), text, perl = TRUE)
  regmatches(text, places) <- lapply(regmatches(text, places), function(found) {
    number <- as.numeric(sub(".*\\[([0-9]+)\\]", "\\1", found))
    paste0(sub("\\[.*", "", found), "[[", number + 1, "]]", recycle0 = TRUE)
  })
  text <- gsub("]].", "]]$", text, fixed = TRUE)
  text <- gsub("set spot: true", "set spot = TRUE", text, fixed = TRUE)
  text <- gsub("`shardr jobs`", "`jobs()`", text, fixed = TRUE)
  text <- gsub("`shardr (run|estimate)`", "`job_\\1()`", text)
  text <- gsub("`shardr split`", "`split_file()`", text, fixed = TRUE)
  text <- gsub("`shardr prices refresh`", "`prices_refresh()`", text, fixed = TRUE)
  text <- gsub("--price ml.m5.large=0.115", "prices = c(ml.m5.large = 0.115)", text, fixed = TRUE)
  text <- gsub("--parts 4,2,1", "parts = c(4, 2, 1)", text, fixed = TRUE)
  text <- gsub("`shardr (logs|stop) ([^`]+)`", "`job_\\1(\"\\2\")`", text)
  text <- gsub("`shardr images build ([^`]+)`", "`image_build(\"\\1\")`", text)
  text <- gsub("`shardr images init ([^`]+)`", "`image_init(\"\\1\")`", text)
  text <- gsub("`shardr images push ([^ `]+) --ecr`", "`image_push(\"\\1\", ecr = TRUE)`", text)
  text <- gsub("`shardr delete ([^`]+)`", "`endpoint_delete(\"\\1\")`", text)
  text <- gsub(" \\(--(engine [a-z]+|image|code)\\)", "", text)
  text <- gsub("\\b(engine|role|image|code)=(\"[^\"]*\")", "\\1 = \\2", text)
  text <- gsub("\\b(role|bucket|session)=(?=[ ,;)]|$)", "\\1", text, perl = TRUE)
  text <- gsub("`shardr install-r`", "install the R package again", text, fixed = TRUE)
  text <- gsub(": merge= (shell: --files)", ": merge = function(files) ...", text, fixed = TRUE)
  gsub("\\b(fill|force|overwrite)=True( \\(R: [^)]*\\))?", "\\1 = TRUE", text)
}

# steps[0].inputs[1].source.step as steps[[1]]$inputs[[2]]$source$step. A file's name stays as it is.
r_place <- function(path) {
  text <- in_r_words(path)
  if (grepl("^(steps|set|parameters|runner|permute|name)\\b[^/]*$", path)) gsub(".", "$", text, fixed = TRUE) else text
}

# A boto3 session of the Python half, answered by this very process.
python_session <- function(home, runner, call) {
  python_door(call)
  reticulate::import("shardr")$local_session(home = home, runner = runner)
}

# Variables of the Python in this session: it copied those of R when it started.
python_environment <- function(set, unset) {
  environ <- reticulate::import("os", convert = FALSE)$environ
  environ$update(as.list(set))
  for (name in unset) environ$pop(name, NULL)
  invisible()
}

# The module shardr.rdoor of the Python half, started at first use.
python_door <- function(call) {
  if (is.null(the$door)) {
    the$door <- python_start(call)
  }
  share_environment()
  the$door
}

# Whether a Python that is not ours may be running in this session: there can be only one.
python_may_run <- function() isNamespaceLoaded("reticulate") && is.null(the$door)

python_start <- function(call) {
  if (isTRUE(getOption("shardr.hosted_by_python"))) {
    shardr_abort(
      "python_missing", "This R lives inside a Python, and a second Python cannot start in it.",
      fix = "Call the verbs of the Python package itself: `import shardr`.", call = call
    )
  }
  if (!requireNamespace("reticulate", quietly = TRUE)) {
    shardr_abort(
      "python_missing", "The verbs that run jobs need the R package reticulate, which is not installed.",
      fix = "Install it with install.packages(\"reticulate\") (Debian, Ubuntu: apt-get install r-cran-reticulate).",
      call = call
    )
  }
  # Without a Python of its own reticulate would first offer to install Miniconda, in which shardr is not either.
  if (is.na(Sys.getenv("RETICULATE_MINICONDA_ENABLED", NA))) {
    Sys.setenv(RETICULATE_MINICONDA_ENABLED = "FALSE")
    on.exit(Sys.unsetenv("RETICULATE_MINICONDA_ENABLED"))
  }
  chosen <- python_choose()
  tryCatch(
    {
      share_environment()
      reticulate::import("shardr.rdoor")
    },
    error = function(e) python_missing(chosen, e, call)
  )
}

# Decides which Python reticulate starts, unless one runs already; the path, or NULL where reticulate looks itself.
python_choose <- function() {
  if (reticulate::py_available(initialize = FALSE)) {
    return(reticulate::py_config()$python)
  }
  found <- python_candidates()
  found <- found[file.exists(found)]
  if (length(found)) {
    reticulate::use_python(found[[1]], required = TRUE)
    return(found[[1]])
  }
  # reticulate from 1.41 on makes an environment by itself for what is asked for.
  carried <- python_source()
  if (length(carried) && "py_require" %in% getNamespaceExports("reticulate")) {
    getExportedValue("reticulate", "py_require")(paste0("shardr @ file://", utils::URLencode(carried[[1]])))
  }
  NULL
}

# Where the Python half may be, the surest place first.
python_candidates <- function() {
  named <- Sys.getenv(c("RETICULATE_PYTHON", "SHARDR_PYTHON"), names = FALSE)
  c(path.expand(named[nzchar(named)]), venv_python(venv_folder()), venv_python(checkout_folder(), ".venv"))
}

venv_folder <- function() file.path(tools::R_user_dir("shardr", "data"), "venv")

venv_python <- function(...) {
  inside <- if (.Platform$OS.type == "windows") c("Scripts", "python.exe") else c("bin", "python")
  do.call(file.path, as.list(c(..., inside)))
}

# The checkout that this package was loaded or installed from, or a path that is not there.
checkout_folder <- function() {
  here <- system.file(package = "shardr")
  places <- c(here, dirname(dirname(here)))
  found <- places[file.exists(file.path(places, "pyproject.toml"))]
  if (length(found)) found[1] else file.path(here, "no-checkout")
}

half_version <- function() as.character(utils::packageVersion("shardr"))

python_missing <- function(chosen, error, call) {
  looked <- if (is.null(chosen)) "No Python has the shardr package" else paste(chosen, "has no shardr package")
  carried <- python_source()
  wheel <- if (length(carried)) carried[[1]] else paste0("/path/to/", wheel_name())
  shardr_abort(
    "python_missing", paste0("The Python half of shardr cannot be used: ", looked, "."),
    why = strsplit(conditionMessage(error), "\n")[[1]][1],
    fix = paste0(
      "There are three ways to have it:\n",
      "1. shardr::install_python(", if (!length(carried)) paste0("source = \"", wheel, "\""),
      ") makes an environment of its own and puts it there.\n",
      "2. Sys.setenv(RETICULATE_PYTHON = \"/path/to/python\") names a Python that has it; restart R before.\n",
      "3. python -m pip install ", shQuote(wheel), " puts it into the Python of your choice."
    ),
    parent = NULL, call = call
  )
}

# Who the jobs on SageMaker act as, and where; which runner and which engine.
where_variables <- c(
  "SHARDR_RUNNER", "SHARDR_ENGINE", "SHARDR_BUCKET", "SAGEMAKER_ROLE", "AWS_PROFILE", "AWS_REGION",
  "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
)

# What the Python half must know of this R: its libraries and its Rscript, for the scripts that it starts, where
# jobs are kept, where jobs run, and where Docker listens. Python copies the environment when it starts: what changes
# later is told.
share_environment <- function() {
  shared <- c(
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep),
    SHARDR_RSCRIPT = file.path(R.home("bin"), "Rscript"),
    SHARDR_HOME = Sys.getenv("SHARDR_HOME", NA),
    Sys.getenv(where_variables, NA, names = TRUE),
    DOCKER_HOST = Sys.getenv("DOCKER_HOST", NA)
  )
  if (identical(the$shared, shared)) return(invisible())
  environ <- reticulate::import("os", convert = FALSE)$environ
  for (name in names(shared)) {
    if (is.na(shared[[name]])) environ$pop(name, NULL) else environ$update(as.list(shared[name]))
  }
  the$shared <- shared
  invisible()
}
