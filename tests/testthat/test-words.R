test_that("sizes, seconds and counts are for people", {
  expect_identical(
    vapply(c(0, 999, 1000, 1234567, 5e9, 7.2e15), size_text, ""),
    c("0 B", "999 B", "1.0 kB", "1.2 MB", "5.0 GB", "7200.0 TB")
  )
  expect_identical(vapply(c(0.06, 119.94, 120, 3725.9, NA), seconds_text, ""), c("0.1", "119.9", "2:00", "62:05", "-"))
  expect_identical(vapply(c(0, 41177, 2^40, NA), counted, ""), c("0", "41,177", "1,099,511,627,776", "-"))
  expect_identical(counted(NULL), "-")
  expect_identical(c(count_of(1, "row"), count_of(0, "row")), c("1 row", "0 rows"))
})

test_that("a time of today has no date", {
  now <- as.POSIXct(paste(format(Sys.time(), "%Y-%m-%d"), "14:05:06"))
  expect_identical(time_text(now), "14:05")
  expect_match(time_text(now - 86400 * 2), "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:05$")
  expect_identical(time_text(as.POSIXct(NA)), "-")
})

test_that("a table is as wide as its cells, numbers to the right", {
  found <- table_lines(list(name = c("\u00e9", "long name"), n = c("1", "20")), "n")
  expect_identical(found, c("name        n", "\u00e9           1", "long name  20"))
  expect_identical(table_lines(list(c("a", "bb"), c("", "x"))), c("a", "bb  x"))
})
