# Tables into an output: whole, exact, and under names that two instances do not share.

as_text <- function(path) rawToChar(readBin(path, "raw", 1e6))

test_that("the default name carries the host", {
  base <- in_instance(host = "algo-2", hosts = c("algo-1", "algo-2"))
  path <- write_output(data.frame(x = 1:2, y = c("a", NA)), "filtered")
  expect_identical(path, in_output(base, "filtered", "part-algo-2.csv"))
  expect_identical(as_text(path), "x,y\n1,a\n2,\n")
  expect_identical(list.files(dirname(path), all.files = TRUE, no.. = TRUE), "part-algo-2.csv")
})

test_that("what was written before is not replaced unless that is said", {
  in_instance()
  write_output(data.frame(x = 1), "filtered")
  expect_error(write_output(data.frame(x = 2), "filtered"), "part-algo-1.csv", class = "shardr_error_data")
  path <- write_output(data.frame(x = 3), "filtered", overwrite = TRUE)
  expect_identical(as_text(path), "x\n3\n")
})

test_that("a table comes back as it was, from each format", {
  base <- in_instance(inputs = "filtered", outputs = "filtered")
  x <- data.frame(
    i = c(1L, NA, -3L), d = c(0.1 + 0.2, 1e-300, NA), big = c(2^40, 1, 2), t = c("", NA, "a \"b\",\n\tc"),
    u = c("\u00e9", "NA", " x "), l = c(TRUE, FALSE, NA)
  )
  for (file in c("a.csv", "sub/b.tsv", "c.csv.gz", "d.jsonl", "e.ndjson.gz")) {
    path <- write_output(x, "filtered", file)
    found <- read_channel("filtered", files = path)
    if (grepl("json", file)) expect_equal(found, x, info = file) else expect_identical(found, x, info = file)
  }
  gz <- in_output(base, "filtered", "c.csv.gz")
  expect_identical(readBin(gz, "raw", 2), as.raw(c(0x1f, 0x8b)))
})

test_that("a table of numbers comes back from recordIO-protobuf, with its label and its texts", {
  base <- in_instance(inputs = "filtered", outputs = "filtered")
  x <- data.frame(uid = c("a", NA, "c"), label = c(1, 0, 1), V1 = c(0.5, NaN, 2), metadata = c("{}", "", "\u00e9"))
  path <- write_output(x, "filtered", "a.pbr")
  expect_identical(read_channel("filtered", files = path), x)
  expect_identical(read_channel("filtered", files = path, columns = c("V1", "label")), x[c("V1", "label")])
  expect_error(read_channel("filtered", files = path, columns = "V2"), "no column V2", class = "shardr_error")
  expect_error(write_output(data.frame(t = "x"), "filtered", "b.pbr"), "no numbers: t", class = "shardr_error_data")
  expect_error(write_output(x, "filtered", "a.pbr.gz"), "not of a format", class = "shardr_error_data")
  writeBin(readBin(path, "raw", file.size(path) - 4), path)
  expect_error(read_channel("filtered", files = path), "record 3: the file ends within", class = "shardr_error_data")
})

test_that("a missing value has no quotes; the empty text and the text NA have them, in text and in factors", {
  skip_if_not_installed("data.table")
  in_instance()
  for (x in list(c("", NA, "NA", "a"), factor(c("", NA, "NA", "a")))) {
    for (write in list(write_text_fast, write_text_base)) {
      path <- withr::local_tempfile(fileext = ".csv")
      write(data.frame(n = c(1, NA, 3, 4), x = x), path, list(kind = "csv", sep = ",", gz = FALSE))
      expect_identical(gsub("\"([nxa])\"", "\\1", as_text(path)), "n,x\n1,\"\"\n,\n3,\"NA\"\n4,a\n")
      expect_identical(read_channel("raw", files = path)$x, as.character(x))
    }
  }
  path <- withr::local_tempfile(fileext = ".csv")
  write_text_fast(data.frame(t = c("", NA, "a")), path, list(kind = "csv", sep = ",", gz = FALSE))
  expect_identical(as_text(path), "t\n\"\"\n\na\n")
})

test_that("base R writes what reads back the same, too", {
  in_instance()
  x <- data.frame(d = c(0.1 + 0.2, NA), t = c("a \"b\",c", NA), f = factor(c("u", "v")))
  path <- withr::local_tempfile(fileext = ".csv")
  write_text_base(x, path, list(kind = "csv", sep = ",", gz = FALSE))
  expect_identical(read_channel("raw", files = path), data.frame(d = x$d, t = x$t, f = c("u", "v")))
  expect_false(grepl("\r", as_text(path), fixed = TRUE))
})

test_that("no rows leave a header", {
  in_instance()
  expect_identical(as_text(write_output(data.frame(a = 1, b = "x")[0, ], "filtered")), "a,b\n")
})

test_that("what cannot be written is refused before anything is there", {
  base <- in_instance()
  expect_error(write_output(1:3, "filtered"), "must be a data frame", class = "shardr_error_data")
  listed <- data.frame(x = 1:2)
  listed$l <- list(1, 2:3)
  expect_error(write_output(listed, "filtered"), "\"l\"", class = "shardr_error_data")
  expect_error(write_output(mtcars, "filtered", "x.parquet"), "x.parquet", class = "shardr_error_data")
  for (file in list("../x.csv", "/tmp/x.csv", "", NA_character_, c("a.csv", "b.csv"))) {
    expect_error(write_output(mtcars, "filtered", file), "inside the output's folder", class = "shardr_error_data")
  }
  expect_length(list.files(in_output(base, "filtered"), recursive = TRUE, all.files = TRUE), 0)
  path <- write_output(listed, "filtered", "x.jsonl")
  expect_match(as_text(path), "\"l\":[2,3]", fixed = TRUE)
})
