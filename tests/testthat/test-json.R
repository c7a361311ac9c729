test_that("numbers are written in the shortest text that reads back as the same", {
  expect_identical(number_text(2), "2")
  expect_identical(number_text(0.1 + 0.2), "0.30000000000000004")
  expect_identical(number_text(1e5), "100000")
  expect_identical(number_text(2^31), "2147483648")
  expect_identical(number_text(1e-7), "1e-07")
  expect_identical(number_text(-0.5), "-0.5")
  for (x in c(pi, exp(1) * 1e10, 1 / 3, .Machine$double.xmin)) expect_identical(as.numeric(number_text(x)), x)
})

test_that("numbers of any size are read back to the bit by what reads them right", {
  set.seed(1)
  x <- c(rnorm(1e4), 10^runif(2e4, -307, 308), round(runif(1e4), 6), 5e-324, -.Machine$double.xmax, 1e-9, 9e-9, 1e36)
  text <- exact_numbers(x)
  expect_identical(jsonlite::parse_json(paste0("[", paste(text, collapse = ","), "]"), simplifyVector = TRUE), x)
  short <- c("0.3333333333333333", "1e-09", "9e-09", "1e+36", NA)
  expect_identical(exact_numbers(c(1 / 3, 1e-9, 9e-9, 1e36, NA)), short)
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
