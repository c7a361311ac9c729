# Hyperparameters are read, checked and told of as in Python: tests/contract/hyperparameters.json.

declarations <- function(case) {
  lapply(case$declared, function(each) {
    maker <- get(paste0("hp_", each$kind))
    if (!is.null(each$choices)) each$choices <- unlist(each$choices)
    do.call(maker, each[setdiff(names(each), c("kind", "required"))])
  })
}

test_that("values agree with the contract, in the types that were declared", {
  cases <- Filter(function(case) !is.null(case$values), contract_cases("hyperparameters.json"))
  expect_gt(length(cases), 25)
  types <- list(integer = c("integer", "double"), number = "double", string = "character", logical = "logical")
  for (case in cases) {
    base <- in_training_instance(hyperparameters = case$given)
    found <- do.call(hyperparameters, declarations(case))
    expect_identical(as.list(names(found)), as.list(names(case$values)), info = case$name)
    for (name in names(found)) {
      expect_true(identical(found[[name]], case$values[[name]]) || found[[name]] == case$values[[name]], case$name)
      allowed <- c("NULL", types[[case$declared[[name]]$kind]])
      expect_true(typeof(found[[name]]) %in% allowed, case$name)
    }
    expect_false(file.exists(file.path(base, "output", "failure")))
  }
})

test_that("problems agree with the contract and become the failure reason", {
  cases <- Filter(function(case) !is.null(case$problems), contract_cases("hyperparameters.json"))
  expect_gt(length(cases), 20)
  for (case in cases) {
    base <- in_training_instance(hyperparameters = case$given)
    found <- expect_error(
      do.call(hyperparameters, declarations(case)),
      class = "shardr_error_hyperparameters_invalid", info = case$name
    )
    paths <- vapply(case$problems, `[[`, "", "path")
    messages <- vapply(case$problems, `[[`, "", "message")
    expect_identical(enc2utf8(found$problems$path), enc2utf8(paths), info = case$name)
    expect_identical(enc2utf8(found$problems$message), enc2utf8(messages), info = case$name)
    reason <- c("the hyperparameters do not fit what the script declares", paste0("  ", paths, ": ", messages), "")
    expect_identical(file_text(base, "output", "failure"), paste(reason, collapse = "\n"), info = case$name)
  }
})

test_that("a script that is told of a wrong hyperparameter reads like this", {
  in_training_instance(hyperparameters = list(topk = "5", mode = "blok"))
  expect_snapshot(
    hyperparameters(top_k = hp_integer(10, min = 1), mode = hp_string("top_k", choices = c("top_k", "block"))),
    error = TRUE
  )
})

test_that("numbers are the nearest doubles, as C reads them", {
  x <- c(0.1, 1 / 3, pi * 1e-7, 8.533213853, 1e22, 5e-324, 123456.789)
  text <- sprintf("%.17g", x)
  expect_identical(vapply(text, number_of, 0, USE.NAMES = FALSE), x)
  expect_identical(number_of("0x10"), NA_real_)
})

test_that("a file written by hand may hold other than text", {
  in_training_instance(hyperparameters = list(a = 3, b = TRUE, c = 0.1, d = NULL, e = list("x", 1)))
  found <- hyperparameters(a = hp_integer(), b = hp_logical(), c = hp_number(), d = hp_integer(4), e = hp_string())
  expect_identical(found, list(a = 3L, b = TRUE, c = 0.1, d = 4L, e = "[\"x\",1]"))
})

test_that("an instance without hyperparameters has the defaults, one outside says how to get in", {
  base <- in_training_instance()
  unlink(file.path(base, "input", "config", "hyperparameters.json"))
  expect_identical(hyperparameters(a = hp_integer(3)), list(a = 3L))
  withr::local_envvar(SHARDR_BASE_DIR = file.path(base, "nowhere"))
  expect_error(hyperparameters(a = hp_integer(3)), "Not inside an instance", class = "shardr_error_not_found")
})

test_that("a declaration that cannot be meant is refused", {
  expect_error(hp_integer(1, min = "0"), "`min` must be a number", class = "shardr_error_data")
  expect_error(hp_number(1, max = c(1, 2)), "`max` must be a number", class = "shardr_error_data")
  expect_error(hp_string("a", choices = 1:2), "`choices` must be texts", class = "shardr_error_data")
  expect_error(hyperparameters(a = 10), "`a` must be declared by", class = "shardr_error_data")
  expect_error(hyperparameters(hp_integer(1)), "a name of its own", class = "shardr_error_data")
  expect_error(hyperparameters(a = hp_integer(1), a = hp_integer(1)), "a name of its own", class = "shardr_error_data")
})
