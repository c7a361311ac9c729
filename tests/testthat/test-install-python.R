test_that("a Python that is not there is refused with the way to get one", {
  expect_snapshot(error = TRUE, install_python(python = "no-such-python"))
})

test_that("sources that are not there are refused before anything is made", {
  skip_if(!nzchar(Sys.which("python3")), "there is no python3 on the PATH")
  home <- withr::local_tempdir()
  withr::local_envvar(R_USER_DATA_DIR = home)
  expect_error(install_python(source = "no/such.whl"), "is not there", class = "shardr_error_python_missing")
  expect_length(list.files(home), 0)
})

test_that("an installation that fails says what the installer said", {
  skip_if(system2("python3", c("-c", shQuote("import ensurepip")), stderr = FALSE) != 0, "python3 has no venv")
  withr::local_envvar(R_USER_DATA_DIR = withr::local_tempdir())
  wheel <- withr::local_tempfile(fileext = ".whl")
  file.create(wheel)
  suppressMessages(
    expect_error(install_python(source = wheel), "could not be installed", class = "shardr_error_python_missing")
  )
  expect_true(file.exists(venv_python(venv_folder())))
})

test_that("the environment made is where R looks for it", {
  withr::local_envvar(R_USER_DATA_DIR = withr::local_tempdir())
  expect_true(venv_python(venv_folder()) %in% python_candidates())
})
