# A seeded split by what is in the rows.

shares <- c(train = 0.7, validation = 0.15, test = 0.15)

# Rows of every type, with repeats and missing values.
some_rows <- function(n) {
  withr::local_seed(4)
  pick <- function(...) sample(c(...), n, replace = TRUE)
  data.frame(
    i = pick(NA, 1:5), d = pick(NA, 0.1, 1e300, -2), t = pick(NA, "", "b", "B", "\u00e9"), l = pick(NA, TRUE, FALSE),
    f = factor(pick("u", "v", NA)), day = as.Date("2026-01-01") + pick(0:1)
  )
}

# The rows of a part as sorted text, so that only which rows they are counts.
row_texts <- function(x) sort(do.call(paste, c(unname(lapply(x, as.character)), sep = "|")), method = "radix")

test_that("each row is in exactly one part, ascending, and the shares are exact", {
  for (n in c(0, 1, 2, 3, 10, 101)) {
    rows <- split_rows(some_rows(n), shares, 1)
    expect_named(rows, names(shares))
    expect_identical(sort(unlist(rows, use.names = FALSE)), if (n) seq_len(n) else integer())
    expect_false(any(vapply(rows, is.unsorted, NA)))
    expect_identical(unname(lengths(rows)), as.integer(diff(c(0, round(n * c(0.7, 0.85)), n))))
  }
  expect_identical(lengths(split_rows(some_rows(5), c(none = 0, all = 1, no = 0), 1)), c(none = 0L, all = 5L, no = 0L))
  expect_identical(split_rows(some_rows(3), c(all = 1), 1), list(all = 1:3))
  expect_identical(lengths(split_rows(data.frame(), shares, 1)), c(train = 0L, validation = 0L, test = 0L))
})

test_that("the parts hold the same rows in whatever order they came, and whatever the order of factor levels", {
  x <- some_rows(400)
  expect_gt(sum(duplicated(x)), 20)
  parts <- function(x) lapply(split_rows(x, shares, 7), function(rows) row_texts(x[rows, ]))
  one <- parts(x)
  expect_identical(parts(x[rev(seq_len(400)), ]), one)
  expect_identical(parts(x[order(x$t, x$d), ]), one)
  relevelled <- transform(x, f = factor(f, levels = c("w", "v", "u")))
  expect_identical(parts(relevelled), one)
})

test_that("with and without data.table the rows have the same numbers", {
  skip_if_not_installed("data.table")
  x <- some_rows(300)
  expect_identical(row_numbers(x, fast = TRUE), row_numbers(x, fast = FALSE))
  expect_identical(row_numbers(data.table::as.data.table(x)), row_numbers(x, fast = FALSE))
  expect_identical(row_numbers(data.frame(t = c("b", NA, "a", "B", "a"))), c(4L, 5L, 2L, 1L, 3L))
})

test_that("the seed alone decides, not R's random state, which is left as it was", {
  x <- data.frame(id = 1:1000)
  withr::local_seed(1, .rng_kind = "Wichmann-Hill", .rng_sample_kind = "Rejection")
  kinds <- RNGkind()
  state <- .Random.seed
  one <- split_rows(x, shares, 5)
  expect_identical(RNGkind(), kinds)
  expect_identical(.Random.seed, state)
  withr::with_seed(99, expect_identical(split_rows(x, shares, 5), one))
  expect_false(identical(split_rows(x, shares, 6), one))
})

test_that("no value is favoured: the share of each is that of the part, as far as chance allows", {
  x <- data.frame(id = 1:20000, group = rep(letters[1:10], each = 2000))
  found <- table(x$group[split_rows(x, shares, 11)$test])
  # 300 each, with a standard deviation below 16.
  expect_true(all(abs(found - 300) < 5 * 16))
})

test_that("what cannot be split is refused", {
  x <- data.frame(a = 1:3)
  listed <- x
  listed$l <- list(1, 2, 3)
  for (bad in list(1:3, listed)) expect_error(split_rows(bad, shares, 1), "data frame", class = "shardr_error_data")
  for (bad in list(c(0.7, 0.3), c(a = 0.7, a = 0.3), c(a = 0.5), c(a = 1.5, b = -0.5), c(a = NA, b = 1), "1", NULL)) {
    expect_error(split_rows(x, bad, 1), "sum to 1", class = "shardr_error_data")
  }
  for (bad in list(1.5, NA, "1", 1:2, 2^31, NULL)) {
    expect_error(split_rows(x, shares, bad), "whole number", class = "shardr_error_data")
  }
})
