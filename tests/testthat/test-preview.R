# One script run here and now, and everything around it put back.

script <- function(text, env = parent.frame()) {
  file <- withr::local_tempfile(fileext = ".R", .local_envir = env)
  writeLines(text, file)
  file
}

test_that("a preview runs the script in a folder of its own, with its arguments and environment", {
  base <- withr::local_tempdir()
  code <- c(
    'said <- c(commandArgs(trailingOnly = TRUE), Sys.getenv("WORD"), Sys.getenv("SHARDR_BASE_DIR"))',
    'writeLines(said, "seen")'
  )
  preview_script(script(code), base, list("--n", "3"), list(WORD = "b"))
  expect_identical(readLines(file.path(base, "seen")), c("--n", "3", "b", base))
})

test_that("a preview puts back environment, folder, search path and seed", {
  set.seed(1)
  before <- list(getwd(), search(), .Random.seed, Sys.getenv("SHARDR_BASE_DIR", NA), Sys.getenv("A_B", NA))
  code <- 'library(tools); set.seed(2); setwd(tempdir()); Sys.setenv(A_B = "x"); stop("end")'
  expect_error(preview_script(script(code), withr::local_tempdir(), list(), list(A_B = "y")), "end")
  after <- list(getwd(), search(), .Random.seed, Sys.getenv("SHARDR_BASE_DIR", NA), Sys.getenv("A_B", NA))
  expect_identical(after, before)
})

test_that("quit() ends the script, not R; a status other than 0 is a failure", {
  base <- withr::local_tempdir()
  expect_null(preview_script(script("f <- function() quit(status = 0); f(); stop('on')"), base, list(), list()))
  expect_error(preview_script(script("q('no', 3)"), base, list(), list()), "the script quit with status 3")
})

test_that("fixed paths are refused before the script starts, comments are not paths", {
  base <- withr::local_tempdir()
  fixed <- script(c("file.create('started')", "f <- function(p = '/opt/ml/processing/input/raw') list.files(p)"))
  expect_error(preview_script(fixed, base, list(), list()), "/opt/ml/processing/input/raw", class = "shardr_error")
  expect_false(file.exists(file.path(base, "started")))
  harmless <- script("x <- c(a = 1)[['a']]; m <- matrix(1:4, 2)[1, ] # /opt/ml/x")
  expect_null(preview_script(harmless, base, list(), list()))
})
