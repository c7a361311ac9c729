# Groups are shared out as in Python: tests/contract/shard-groups.json; rows.json has the rows.

# The rank of the one instance that has each row.
ranks_of <- function(key, size) {
  hosts <- sort(paste0("algo-", seq_len(size)), method = "radix")
  masks <- vapply(hosts, function(host) {
    in_training_instance(host = host, hosts = hosts)
    shard_groups(key)
  }, logical(length(key)))
  masks <- matrix(masks, ncol = size)
  expect_true(all(rowSums(masks) == 1))
  max.col(masks, "first") - 1L
}

test_that("groups agree with the contract", {
  for (case in contract_cases("shard-groups.json")) {
    key <- unlist(lapply(case$key, function(value) if (is.null(value)) NA else value))
    if (is.null(key)) key <- character()
    expect_equal(ranks_of(key, case$size), as.integer(unlist(case$ranks)), info = case$name)
  }
})

test_that("rows agree with the contract", {
  for (case in contract_cases("rows.json")) {
    expect_identical(row_bounds(case$rows, case$size, case$rank + 0:1), as.numeric(c(case$start, case$end)))
  }
})

test_that("integers, factors and dates are keys; times and lists are not", {
  expect_identical(ranks_of(c(10L, 9L, 2L, NA), 4), c(0L, 2L, 1L, 3L))
  expect_identical(ranks_of(factor(c("b", "a", NA), levels = c("b", "a")), 3), c(1L, 0L, 2L))
  expect_identical(ranks_of(as.Date(c("2024-02-01", "2024-01-31", NA)), 3), c(1L, 0L, 2L))
  expect_identical(ranks_of(c(NaN, 1, NA), 2), c(1L, 0L, 1L))
  in_training_instance()
  for (key in list(Sys.time(), list(1), NULL, 1i)) {
    expect_error(shard_groups(key), "must be text, numbers", class = "shardr_error_data")
  }
})

test_that("the encoding of a text does not matter", {
  latin <- iconv("\u00e9", "UTF-8", "latin1")
  expect_identical(ranks_of(c(latin, "z", "\u00e9"), 2), c(1L, 0L, 1L))
})
