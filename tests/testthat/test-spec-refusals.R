# What is wrong with each spec of tests/contract/refusals is told at once: by R alone as far as the schema says it, and
# by both halves together in the words of the Python half. tests/python/spec/test_refusals.py reads the same cases.

refusals <- function() {
  files <- list.files(test_path("..", "contract", "refusals"), "[.]json$", full.names = TRUE)
  cases <- lapply(files, jsonlite::fromJSON, simplifyVector = FALSE)
  rlang::set_names(cases, vapply(cases, function(case) case$name, ""))
}

# The case's spec as a file of its own.
spec_file <- function(case, env = parent.frame()) {
  file <- withr::local_tempfile(fileext = ".json", .local_envir = env)
  put_lines(file, json_text(case$spec))
  file
}

told <- function(expr) {
  found <- tryCatch({
    expr
    NULL
  }, shardr_error = identity)
  if (is.null(found)) return(character())
  expect_identical(found$code, "spec_invalid")
  fix <- ifelse(is.na(found$problems$fix), "", paste0(" (", found$problems$fix, ")"))
  paste0(found$problems$path, ": ", found$problems$message, fix)
}

test_that("R tells all that the schema has against each case, without the Python half", {
  cases <- refusals()
  expect_gt(length(cases), 5)
  for (case in cases) {
    expect_setequal(told(spec_read(spec_file(case))), as.character(unlist(case$in_r)))
  }
})

test_that("both halves together tell all problems of each case at once", {
  cases <- refusals()
  local_job_folder()
  for (case in cases) {
    problems <- vapply(case$problems, function(found) {
      paste0(r_place(found$path), ": ", in_r_words(problem_line(problem(found$message, found$fix))))
    }, "")
    expect_identical(setdiff(problems, told(job_validate(spec_file(case)))), character(), label = case$name)
  }
})
