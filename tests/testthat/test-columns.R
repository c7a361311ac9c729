# Frames become the bytes that Python reads, and the other way: the cases of tests/contract/frames.json.

contract_file <- testthat::test_path("..", "contract", "frames.json")

frame_cases <- function() {
  skip_if_not(file.exists(contract_file), "the contract cases are in the repository, not in the package")
  jsonlite::fromJSON(contract_file, simplifyVector = FALSE)$cases
}

or_na <- function(values, na, f = identity) {
  vapply(values, function(v) if (is.null(v)) na else f(v), na)
}

# jsonlite writes numbers that JSON has not as text.
number <- function(v) switch(as.character(v), "NaN" = NaN, "Inf" = Inf, "-Inf" = -Inf, as.double(v))

built_column <- function(column) {
  v <- column$values
  switch(column$type,
    double = or_na(v, NA_real_, number),
    integer = or_na(v, NA_integer_, as.integer),
    logical = or_na(v, NA),
    string = or_na(v, NA_character_),
    factor = factor(
      or_na(v, NA_character_), levels = unlist(column$levels), ordered = column$ordered
    ),
    date = as.Date(or_na(v, NA_character_)),
    datetime = structure(or_na(v, NA_real_, number), class = c("POSIXct", "POSIXt"), tzone = column$tz),
    difftime = as.difftime(or_na(v, NA_real_, number), units = "secs")
  )
}

built <- function(case) {
  row_names <- if (is.null(case$row_names)) .set_row_names(case$rows) else unlist(case$row_names)
  columns <- lapply(case$columns, built_column)
  names(columns) <- vapply(case$columns, `[[`, "", "name")
  structure(columns, class = "data.frame", row.names = row_names)
}

golden <- function(case) {
  list(header = case$header, buffers = lapply(case$buffers, jsonlite::base64_dec))
}

there_and_back <- function(df) {
  packed <- frame_pack(df)
  frame_unpack(packed$header, packed$buffers)
}

test_that("the bytes of a contract case unpack to the frame it describes", {
  for (case in frame_cases()) {
    packed <- golden(case)
    expect_identical(frame_unpack(packed$header, packed$buffers), built(case), label = case$name)
  }
})

test_that("the frame of a contract case packs to its very bytes", {
  for (case in frame_cases()) {
    packed <- frame_pack(built(case))
    expect_identical(packed$header, case$header, label = case$name)
    expect_identical(packed$buffers, golden(case)$buffers, label = case$name)
  }
})

test_that("what Python's to_r() gives is taken as one list", {
  packed <- frame_pack(mtcars)
  expect_identical(frame_from_python(list(packed$header, packed$buffers)), mtcars)
})

test_that("NA and NaN of a double stay two things", {
  x <- there_and_back(data.frame(x = c(NA, NaN, 1)))$x
  expect_identical(is.nan(x), c(FALSE, TRUE, FALSE))
  expect_identical(is.na(x), c(TRUE, TRUE, FALSE))
})

test_that("strings of any declared encoding arrive as the same text", {
  latin <- "caf\xe9"
  Encoding(latin) <- "latin1"
  found <- there_and_back(data.frame(s = c(latin, "caf\u00e9", "plain")))
  expect_identical(enc2utf8(found$s), c("caf\u00e9", "caf\u00e9", "plain"))
  expect_identical(Encoding(found$s)[1:2], c("UTF-8", "UTF-8"))
})

test_that("text that nobody declared is taken as UTF-8 where the session has no locale", {
  withr::local_locale(LC_CTYPE = "C")
  undeclared <- "h\xc3\xa9"
  found <- frame_unpack(frame_pack(data.frame(s = undeclared))$header, frame_pack(data.frame(s = undeclared))$buffers)
  expect_identical(charToRaw(found$s), charToRaw(undeclared))
  expect_identical(Encoding(found$s), "UTF-8")
  expect_error(frame_pack(data.frame(s = "\xff")), class = "shardr_error_frame_unsupported")
})

test_that("strings survive in a session whose locale has no UTF-8", {
  packed <- frame_pack(data.frame(s = c("h\u00e9", "\u4e2d", NA)))
  withr::local_locale(LC_CTYPE = "C")
  found <- frame_unpack(packed$header, packed$buffers)
  expect_identical(Encoding(found$s)[1:2], c("UTF-8", "UTF-8"))
  expect_identical(frame_pack(found)$buffers, packed$buffers)
})

test_that("a time without tzone takes the zone of the session and stays the same instant", {
  withr::local_timezone("Asia/Tokyo")
  df <- data.frame(t = as.POSIXct("2020-06-01 12:00:00"))
  found <- there_and_back(df)
  expect_identical(attr(found$t, "tzone"), "Asia/Tokyo")
  expect_identical(as.numeric(found$t), as.numeric(df$t))
  expect_identical(format(found$t), format(df$t))
})

test_that("POSIXlt becomes POSIXct, durations become seconds, whole dates become double", {
  df <- data.frame(d = structure(18321L, class = "Date"), u = as.difftime(c(2), units = "hours"))
  df$lt <- as.POSIXlt("2020-01-01", tz = "UTC")
  found <- there_and_back(df)
  expect_identical(found$d, as.Date("2020-02-29"))
  expect_identical(found$u, as.difftime(7200, units = "secs"))
  expect_identical(found$lt, as.POSIXct("2020-01-01", tz = "UTC"))
})

test_that("tibbles and data.tables cross as plain data frames", {
  skip_if_not_installed("data.table")
  expect_identical(there_and_back(data.table::data.table(a = 1:2, b = c("x", NA))), data.frame(a = 1:2, b = c("x", NA)))
})

test_that("row numbers after a subset are dropped, row names are kept", {
  expect_identical(there_and_back(iris[iris$Sepal.Length > 7, ])$Species[1], iris$Species[103])
  expect_identical(attr(there_and_back(iris[5:6, ]), "row.names"), 1:2)
  expect_identical(rownames(there_and_back(mtcars[3:4, ])), rownames(mtcars)[3:4])
})

test_that("every column that cannot cross is named, braces and all", {
  df <- data.frame(fine = 1)
  df$lists <- list(1:2)
  df$`{matrix}` <- matrix(1:2, 1)
  df$complex <- 1i
  df$version <- package_version("1.2")
  df$level <- addNA(factor(NA))
  df$bytes <- "\xff"
  df$forever <- as.Date(Inf, origin = "1970-01-01")
  df$other <- structure(1, class = "kelvin")
  error <- expect_error(frame_pack(df), class = "shardr_error_frame_unsupported")
  expect_s3_class(error, "shardr_error")
  named <- vapply(strsplit(error$problems, "\"", fixed = TRUE), `[`, "", 2)
  expect_identical(
    named, c("lists", "{matrix}", "complex", "version", "level", "bytes", "forever", "other")
  )
  expect_match(conditionMessage(error), "column 2 \"lists\": a list column", fixed = TRUE)
})

test_that("bytes that do not fit their header are refused", {
  packed <- frame_pack(data.frame(x = c(1, 2), s = c("a", "b")))
  short <- list(packed$buffers[[1]][1:8], packed$buffers[[2]])
  expect_error(frame_unpack(packed$header, short), class = "shardr_error_frame_unsupported")
  short <- list(packed$buffers[[1]], packed$buffers[[2]][1:2])
  expect_error(frame_unpack(packed$header, short), class = "shardr_error_frame_unsupported")
  newer <- sub("\"format\":1", "\"format\":2", packed$header, fixed = TRUE)
  expect_error(frame_unpack(newer, packed$buffers), "format 2")
})

test_that("what is no data frame is refused", {
  expect_error(frame_pack(1:3), "expected a data frame, found integer", class = "shardr_error_frame_unsupported")
})
