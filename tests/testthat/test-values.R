# Values that are no data frames become a tree with packed leaves, and calls from Python always get an answer.

# What Python would see of `x`: the tree as text, taken apart again.
there_and_back <- function(x) {
  packed <- value_pack(x)
  value_unpack(jsonlite::toJSON(packed$node, auto_unbox = TRUE, null = "null", digits = NA), packed$buffers)
}

# A call as Python makes it, with arguments as a named list.
answer <- function(fun, ...) {
  packed <- value_pack(list(...))
  reply <- call_from_python(fun, jsonlite::toJSON(packed$node, auto_unbox = TRUE, null = "null"), packed$buffers)
  parsed <- jsonlite::fromJSON(reply[[1]], simplifyVector = FALSE)
  if (!is.null(parsed$value)) {
    node <- jsonlite::toJSON(parsed$value, auto_unbox = TRUE, null = "null")
    parsed$value <- value_unpack(node, reply[[2]])
  }
  parsed
}

test_that("values come back as they were", {
  values <- list(
    TRUE, NA, 1:3, c(1.5, NA, NaN), "\u00e9", c(NA, "a"), factor(c("b", "a")), as.Date("2020-01-01"),
    list(), list(1, "a", list(2)), list(a = 1, b = list(c = "x")), data.frame(x = 1:2, s = c("a", NA)), NULL
  )
  for (value in values) expect_identical(there_and_back(value), value)
})

test_that("a NULL in a list keeps its place", {
  expect_identical(there_and_back(list(a = 1, b = NULL, c = 2)), list(a = 1, b = NULL, c = 2))
})

test_that("everything in a result that cannot cross is named", {
  error <- expect_error(
    value_pack(list(m = matrix(1:4, 2), f = mean, fine = 1, d = data.frame(z = 1i))),
    class = "shardr_error_frame_unsupported"
  )
  expect_match(error$problems[1], "result$m: a matrix", fixed = TRUE)
  expect_match(error$problems[2], "result$f: an R object of type closure", fixed = TRUE)
  expect_match(error$problems[3], "result$d: column 1 \"z\": a column of type complex", fixed = TRUE)
})

test_that("an underscore stands for a dot where the function or its method has that argument", {
  expect_identical(answer("stats::median", c(1, NA, 3), na_rm = TRUE)$value, 2)
  expect_identical(answer("base::mean", c(1, NA, 3), na_rm = TRUE)$value, 2)
  expect_identical(names(answer("base::list", a_b = 1)$value), "a_b")
  expect_identical(answer("base::data.frame", a_b = 1, check_names = FALSE)$value, data.frame(a_b = 1))
})

test_that("NULL is passed on, not left out", {
  expect_identical(answer("base::is.null", NULL)$value, TRUE)
  expect_length(answer("base::list", 1, NULL)$value, 2)
})

test_that("an error is an answer, with the call that raised it in short", {
  error <- answer("stats::aggregate", data.frame(x = as.numeric(1:1e5)), list(1), "mean")$error
  expect_match(error$message, "arguments must have same length")
  expect_lt(nchar(error$call), 200)
  expect_true("packageNotFoundError" %in% unlist(answer("nosuchpackage::f")$error$class))
  expect_match(answer("a b::c")$error$message, "does not name a function")
})

test_that("warnings travel beside the value", {
  reply <- answer("base::as.numeric", "a")
  expect_identical(reply$value, NA_real_)
  expect_match(reply$warnings[[1]], "NAs introduced by coercion")
})

test_that("reticulate is refused where Python is the host", {
  withr::local_options(shardr.hosted_by_python = TRUE)
  expect_match(answer("reticulate::import", "sys")$error$message, "cannot be used in an R that Python has started")
})
