test_that("numbers are written in the shortest text that reads back as the same", {
  expect_identical(number_text(2), "2")
  expect_identical(number_text(0.1 + 0.2), "0.30000000000000004")
  expect_identical(number_text(1e5), "100000")
  expect_identical(number_text(2^31), "2147483648")
  expect_identical(number_text(1e-7), "1e-07")
  expect_identical(number_text(-0.5), "-0.5")
  for (x in c(pi, exp(1) * 1e10, 1 / 3, .Machine$double.xmin)) expect_identical(as.numeric(number_text(x)), x)
})

test_that("lists with names are objects, others arrays, and both may be empty", {
  expect_identical(json_text(list(b = 1, a = list(TRUE, NULL, "x"))), "{\"a\":[true,null,\"x\"],\"b\":1}")
  expect_identical(json_text(list()), "[]")
  expect_identical(json_text(empty_map()), "{}")
  expect_identical(json_text(list("a")), "[\"a\"]")
})

test_that("any text is read back as it was", {
  texts <- c("\"", "\\", "\\\"", "\n", "\x01", "\x1f\x0b", "\u00e9\U1F600", "", "</a>", "\\u0041")
  for (text in texts) expect_identical(jsonlite::fromJSON(json_text(list(text)))[[1]], text)
})
