# What R says of an uncaught error in an instance.

# The lines that a script leaves on stderr when R starts it with the profile of the instances.
uncaught <- function(..., env = parent.frame()) {
  script <- withr::local_tempfile(fileext = ".R", lines = c(...), .local_envir = env)
  withr::local_envvar(
    R_PROFILE_USER = system.file("container", "Rprofile.R", package = "shardr"), NO_COLOR = "1",
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep)
  )
  suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = TRUE, stderr = TRUE))
}

test_that("an error is followed by the calls that led to it, innermost first, without those that raise it", {
  told <- uncaught("g <- function(x) stop(\"no luck\")", "f <- function() g(1)", "f()")
  expect_identical(told[1], "Error in g(1) : no luck")
  expect_identical(utils::tail(told, 3), c("Traceback (innermost call first):", "  2: g(1)", "  1: f()"))
  expect_identical(attr(told, "status"), 1L)
})

test_that("an error of rlang, cli or shardr has one traceback, too", {
  in_instance()
  for (raised in c("rlang::abort(\"no luck\")", "cli::cli_abort(\"no luck\")", "shardr::read_channel(\"rww\")")) {
    told <- uncaught(paste0("g <- function(x) ", raised), "f <- function() g(1)", "f()")
    expect_length(grep("[Bb]acktrace|Traceback", told), 1)
    expect_identical(utils::tail(told, 2), c("  2: g(1)", "  1: f()"))
    expect_false(any(grepl("abort", told)))
  }
})

test_that("an error at the top of a script needs no traceback", {
  expect_false(any(grepl("Traceback", uncaught("stop(\"no luck\")"))))
})
