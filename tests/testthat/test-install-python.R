test_that("a Python that is not there is refused with the way to get one", {
  expect_snapshot(error = TRUE, install_python(python = "no-such-python"))
})

# A Python that lacks a module, in a folder of its own: a script that hides it from the real one.
local_python_without <- function(module, real, env = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = env)
  put_lines(file.path(folder, paste0(module, ".py")), "raise ImportError")
  put_lines(file.path(folder, "python3"), c(
    "#!/bin/sh", paste0("PYTHONPATH='", folder, "' exec '", real, "' \"$@\"")
  ))
  Sys.chmod(file.path(folder, "python3"))
  file.path(folder, "python3")
}

# A Python of this machine that will do; skips where there is none.
whole_python <- function() {
  skip_on_os("windows")
  tryCatch(python_for_venv(NULL, NULL), shardr_error_python_missing = function(e) skip(conditionMessage(e)))
}

test_that("a Python that cannot hold the Python half is passed by, or refused with what it lacks", {
  broken <- local_python_without("ssl", whole_python())
  expect_identical(python_lacks(broken), "has no ssl")
  found <- tryCatch(install_python(python = broken), shardr_error_python_missing = identity)
  expect_identical(found$problems[c("path", "message")], data.frame(path = broken, message = "has no ssl"))
  put_lines(file.path(dirname(broken), "python"), c("#!/bin/sh", "exit 127"))
  Sys.chmod(file.path(dirname(broken), "python"))
  expect_identical(python_lacks(file.path(dirname(broken), "python")), "does not run")
  skip_if(!file.exists("/usr/bin/python3") || length(python_lacks("/usr/bin/python3")), "the system has no Python")
  withr::local_path(dirname(broken))
  expect_identical(python_for_venv(NULL, NULL), "/usr/bin/python3")
})

test_that("sources that are not there are refused before anything is made", {
  home <- withr::local_tempdir()
  withr::local_envvar(R_USER_DATA_DIR = home)
  expect_error(install_python(source = "no/such.whl"), "is not there", class = "shardr_error_python_missing")
  expect_length(list.files(home), 0)
})

test_that("a package that came alone says precisely what to give as source, never a name in an index", {
  expect_identical(basename(wheel_name()), paste0("shardr-", half_version(), "-py3-none-any.whl"))
  library <- withr::local_tempdir()
  file.copy(system.file(package = "shardr"), library, recursive = TRUE)
  unlink(file.path(library, "shardr", "python"), recursive = TRUE)
  code <- paste0(
    ".libPaths(", deparse1(c(library, .libPaths())), ");",
    "e <- tryCatch(shardr::install_python(), shardr_error_python_missing = identity); cat(conditionMessage(e))"
  )
  withr::local_envvar(NO_COLOR = "1", R_USER_DATA_DIR = library)
  told <- system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE, stderr = TRUE)
  expect_match(told, "came without its Python half", all = FALSE)
  expect_match(told, paste0("Give `source`: the file ", wheel_name()), fixed = TRUE, all = FALSE)
  expect_false(any(grepl("shardr==", told)))
})

test_that("an installation that fails says what the installer said, and leaves nothing behind", {
  python <- whole_python()
  withr::local_envvar(R_USER_DATA_DIR = withr::local_tempdir())
  wheel <- withr::local_tempfile(fileext = ".whl")
  file.create(wheel)
  suppressMessages(
    expect_error(install_python(python, wheel), "could not be installed", class = "shardr_error_python_missing")
  )
  expect_false(file.exists(venv_folder()))
})

test_that("an environment is kept while it works and its Python is the one that is asked for", {
  python <- whole_python()
  folder <- file.path(withr::local_tempdir(), "venv")
  expect_false(venv_fits(folder, NULL))
  system2(python, c("-m", "venv", "--without-pip", shQuote(folder)))
  expect_false(venv_fits(folder, NULL))
  pip <- ask_python(venv_python(folder), c("import sysconfig", "print(sysconfig.get_path('purelib'))"))
  put_lines(file.path(pip, "pip.py"), "")
  expect_true(venv_fits(folder, NULL))
  expect_true(venv_fits(folder, python))
  other <- file.path(dirname(folder), "other")
  put_lines(other, c("#!/bin/sh", "echo 3.99.0 /elsewhere"))
  Sys.chmod(other)
  expect_false(venv_fits(folder, other))
})

test_that("the environment made is where R looks for it", {
  withr::local_envvar(R_USER_DATA_DIR = withr::local_tempdir())
  expect_true(venv_python(venv_folder()) %in% python_candidates())
})
