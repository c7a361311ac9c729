test_that("places are counted from 1 and written as R writes them", {
  expect_identical(r_place("steps[1].inputs[0].source.step"), "steps[[2]]$inputs[[1]]$source$step")
  expect_identical(r_place("set.data"), "set$data")
  expect_identical(r_place("data/part.1.csv"), "data/part.1.csv")
  expect_identical(
    in_r_words("\"a\" is already the name of step steps[0]"), "\"a\" is already the name of step steps[[1]]"
  )
  expect_identical(in_r_words("no places here"), "no places here")
})

test_that("what the shell would do, R does by its own verbs", {
  expect_identical(in_r_words("`shardr jobs` lists the runs"), "`jobs()` lists the runs")
  expect_identical(in_r_words("see `shardr logs bank-1`"), "see `job_logs(\"bank-1\")`")
  both <- "replace them: overwrite=True (R: overwrite = TRUE, shell: --overwrite)"
  expect_identical(in_r_words(both), "replace them: overwrite = TRUE")
})

test_that("an error of the Python half becomes a condition with every problem", {
  local_job_folder()
  bad <- copy_job() |>
    processing_step("next", code = "copy.R", inputs = job_input("x", step_output("coppy", "copied")))
  found <- tryCatch(job_validate(bad), shardr_error_spec_invalid = identity)
  expect_identical(found$problems$path, "steps[[2]]$inputs[[1]]$source$step")
  expect_match(found$problems$message, "\"coppy\" is not a step; did you mean \"copy\"?", fixed = TRUE)
  expect_match(conditionMessage(found), "steps[[2]]$inputs[[1]]$source$step: \"coppy\"", fixed = TRUE)
})

test_that("a Python without shardr is told apart, with three ways out", {
  skip_if_not_installed("reticulate")
  python <- Sys.which("python3")
  skip_if(!nzchar(python), "there is no python3 on the PATH")
  folder <- withr::local_tempdir()
  system2(python, c("-m", "venv", "--without-pip", shQuote(file.path(folder, "bare"))))
  code <- paste0(
    ".libPaths(", deparse1(.libPaths()), ");",
    "e <- tryCatch(shardr::doctor(), shardr_error_python_missing = identity);",
    "cat(class(e), cli::ansi_strip(conditionMessage(e)), sep = '\\n')"
  )
  told <- withr::with_envvar(
    c(RETICULATE_PYTHON = file.path(folder, "bare", "bin", "python"), PYTHONPATH = "", NO_COLOR = "1"),
    system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE, stderr = TRUE)
  )
  expect_match(told, "shardr_error_python_missing", all = FALSE)
  expect_match(told, "No module named 'shardr'", all = FALSE)
  ways <- c("1. shardr::install_python(", "2. Sys.setenv(RETICULATE_PYTHON", "3. python -m pip install ")
  for (way in ways) {
    expect_match(told, way, fixed = TRUE, all = FALSE)
  }
})

test_that("a session without any Python is told so at once, and not asked to install Miniconda", {
  skip_if_not_installed("reticulate")
  skip_on_os("windows")
  # Elsewhere than beside a checkout, whose own Python would be found.
  library <- withr::local_tempdir()
  file.copy(system.file(package = "shardr"), library, recursive = TRUE)
  script <- withr::local_tempfile(lines = c(
    paste0(".libPaths(", deparse1(c(library, .libPaths())), ")"),
    "e <- tryCatch(shardr::doctor(), error = identity)",
    "n <- 0", # what a question would be answered with
    "cat(class(e), cli::ansi_strip(conditionMessage(e)), sep = '\\n')"
  ))
  withr::local_envvar(
    RETICULATE_PYTHON = NA, SHARDR_PYTHON = NA, RETICULATE_MINICONDA_ENABLED = NA, VIRTUAL_ENV = NA, PYTHONPATH = NA,
    R_USER_DATA_DIR = library, HOME = library, PATH = "/usr/bin:/bin", NO_COLOR = "1"
  )
  r <- file.path(R.home("bin"), "R")
  told <- system2(r, c("--interactive", "--vanilla", "--no-echo"), stdin = script, stdout = TRUE, stderr = TRUE)
  expect_false(any(grepl("Miniconda", told)))
  expect_match(told, "shardr_error_python_missing", all = FALSE)
  expect_match(told, paste0("install_python(source = \"/path/to/", wheel_name()), fixed = TRUE, all = FALSE)
})

test_that("a home of jobs that is set after Python has started is used", {
  local_job_folder()
  expect_identical(nrow(jobs()), 0L)
  other <- withr::local_tempdir()
  withr::local_envvar(SHARDR_HOME = other)
  found <- doctor()
  expect_match(found$found[found$name == "SHARDR_HOME"], basename(other), fixed = TRUE)
})

test_that("both halves have the same version", {
  local_job_folder()
  skip_if_not_installed("reticulate")
  found <- reticulate::py_to_r(reticulate::import("importlib.metadata"))
  here <- tryCatch(found$version("shardr"), error = function(e) skip("the Python half is on the path, not installed"))
  expect_identical(here, half_version())
})
