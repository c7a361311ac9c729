test_that("an error says what, then each problem, then why and how to fix it", {
  expect_snapshot(error = TRUE, {
    shardr_abort(
      "data", "Two files are wrong.", list(problem("is empty", path = "a.csv"), problem("has {no} end", "close it")),
      why = "The disk\nis full.", fix = "Try {this}."
    )
  })
})

test_that("an error has the code of the contract in its class, its code and its problems as fields", {
  contract <- jsonlite::fromJSON(test_path("..", "contract", "errors.json"))
  expect_gt(nrow(contract), 10)
  for (i in seq_len(nrow(contract))) {
    answer <- list(
      code = contract$code[i], message = "What.", problems = list(list(path = "steps[0].code", message = "is required"))
    )
    found <- tryCatch(python_abort(answer, NULL), error = identity)
    expect_s3_class(found, c(contract$r_class[i], "shardr_error"), exact = FALSE)
    expect_identical(found$code, contract$code[i])
    expect_identical(
      found$problems, data.frame(path = "steps[[1]]$code", message = "is required", fix = NA_character_)
    )
  }
})

test_that("an error without problems has a data frame of none", {
  found <- tryCatch(shardr_abort("data", "What."), error = identity)
  expect_identical(dim(found$problems), c(0L, 3L))
})

test_that("checked() gives values back and stops at problems with their places", {
  expect_identical(checked(list(a = 1), "data", "What.", NULL), list(a = 1))
  found <- tryCatch(
    checked(list(a = problem("is wrong"), b = 2), "data", "What.", NULL, list(problem("too", path = "c"))),
    shardr_error_data = identity
  )
  expect_identical(found$problems$path, c("a", "c"))
})

test_that("an error of a verb tells the way to the verb, and nothing of what is inside of it", {
  found <- tryCatch(job_run(42), error = identity)
  expect_identical(rlang::call_name(found$call), "job_run")
  calls <- vapply(found$trace$call, function(one) paste(deparse(one), collapse = ""), "")
  expect_match(calls, "job_run(42)", fixed = TRUE, all = FALSE)
  expect_false(any(grepl("shardr_abort|python_call|job_arguments", calls)))
})

test_that("in a script an error of a verb at top level has no backtrace", {
  script <- withr::local_tempfile(fileext = ".R", lines = "library(shardr); job_run(42)")
  told <- suppressWarnings(
    system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = TRUE, stderr = TRUE)
  )
  expect_match(told, "Found 42, expected a pipeline", all = FALSE)
  expect_false(any(grepl("Backtrace|Calls:|shardr_abort", told)))
})
