test_that("text is taken from factors and lists of one, and becomes UTF-8", {
  expect_identical(as_text(factor("a")), "a")
  expect_identical(as_text(list("a")), "a")
  expect_identical(as_text(c(x = "a")), "a")
  expect_identical(charToRaw(as_text("caf\xe9" |> `Encoding<-`("latin1"))), as.raw(c(0x63, 0x61, 0x66, 0xc3, 0xa9)))
})

test_that("NA, numbers, several values and bytes that are no text are refused as text", {
  for (x in list(NA, NA_character_, 1, c("a", "b"), character(), `Encoding<-`("\xff", "UTF-8"), TRUE, list("a", "b"))) {
    expect_s3_class(as_text(x), "shardr_problem")
  }
})

test_that("2 is a whole number, 2.5 and NA and Inf and text are none", {
  expect_identical(as_whole(2), 2)
  expect_identical(as_whole(2L), 2)
  expect_identical(as_whole(2^40), 2^40)
  expect_identical(as_whole("${n}"), "${n}")
  for (x in list(2.5, NA, NA_real_, Inf, "2", TRUE, c(1, 2), Sys.time())) {
    expect_s3_class(as_whole(x), "shardr_problem")
  }
})

test_that("a vector becomes a list of texts, whatever its length", {
  expect_identical(as_texts("a"), list("a"))
  expect_identical(as_texts(c(1, 0.1)), list("1", "0.1"))
  expect_identical(as_texts(list("--n", 3L)), list("--n", "3"))
  expect_identical(as_texts(factor(c("b", "a"))), list("b", "a"))
  expect_identical(as_texts(character()), list())
})

test_that("the first value that is no text is named with its place", {
  expect_identical(as_texts(c("a", NA))$path, "[[2]]")
  expect_identical(as_texts(list("a", "b", NULL))$message, "found NULL, expected text")
  expect_match(as_texts(TRUE)$fix, "\"TRUE\"", fixed = TRUE)
  expect_match(as_texts(c(a = "b"))$message, "names")
})

test_that("named vectors and lists become maps, and a name given twice is refused", {
  expect_identical(as_text_map(c(A = "b", N = "1")), list(A = "b", N = "1"))
  expect_identical(as_text_map(list(A = 1L)), list(A = "1"))
  expect_identical(json_text(as_text_map(character())), "{}")
  expect_s3_class(as_text_map(c(A = "b", A = "c")), "shardr_problem")
  expect_s3_class(as_text_map("b"), "shardr_problem")
  expect_identical(as_text_map(c(A = NA))$path, "A")
})

test_that("only TRUE and FALSE and references are flags", {
  expect_true(as_flag(TRUE))
  expect_identical(as_flag("${on}"), "${on}")
  for (x in list(NA, 1, "yes", c(TRUE, FALSE))) expect_s3_class(as_flag(x), "shardr_problem")
})
