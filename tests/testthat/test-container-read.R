# Tables of a channel: one frame, whatever the files of this instance are.

with_files <- function(..., env = parent.frame()) {
  base <- fake_opt_ml(env = env)
  files <- list(...)
  for (name in names(files)) put_input(base, "raw", name, files[[name]])
  withr::local_envvar(SHARDR_BASE_DIR = base, .local_envir = env)
  base
}

test_that("files are bound by column name, in the order of the first file", {
  with_files(a.csv = c("x,y", "1,a"), b.csv = c("y,x", "b,2"))
  expect_identical(read_channel("raw"), data.frame(x = 1:2, y = c("a", "b")))
  expect_identical(read_channel("raw", columns = "y"), data.frame(y = c("a", "b")))
  expect_identical(read_channel("raw", files = shard_files("raw", "^b")), data.frame(y = "b", x = 2L))
})

test_that("an empty shard has no rows, and the columns that were stated", {
  with_files()
  expect_identical(dim(read_channel("raw")), c(0L, 0L))
  types <- c(a = "integer", b = "double", c = "character", d = "logical", e = "Date")
  found <- read_channel("raw", col_types = types)
  expect_identical(vapply(found, function(v) class(v)[1], ""), replace(types, 2, "numeric"))
  expect_identical(nrow(found), 0L)
  expect_identical(names(read_channel("raw", col_types = types, columns = c("c", "a"))), c("c", "a"))
})

test_that("a header-only file gives typed columns without rows and does not disturb others", {
  with_files(a.csv = "x,y", b.csv = c("x,y", "1.5,a"))
  expect_identical(read_channel("raw"), data.frame(x = 1.5, y = "a"))
  only <- read_channel("raw", files = shard_files("raw", "^a"), col_types = c(x = "integer"))
  expect_identical(dim(only), c(0L, 2L))
  expect_type(only$x, "integer")
})

test_that("types found in the files are made one: numbers widen, anything else is text as it stood", {
  with_files(
    a.csv = c("n,t,l,id", "1,007,,5"), b.csv = c("n,t,l,id", "2.5,x,TRUE,12345678901234567890"),
    c.csv = c("n,t,l,id", "3,9,,6")
  )
  found <- read_channel("raw")
  expect_identical(found$n, c(1, 2.5, 3))
  expect_identical(found$t, c("007", "x", "9"))
  expect_identical(found$l, c(NA, TRUE, NA))
  expect_identical(found$id, c("5", "12345678901234567890", "6"))
})

test_that("whole numbers past 2^31 are doubles while a double can hold them", {
  with_files(a.csv = c("n", "3000000000"), b.csv = c("n", "4"))
  expect_identical(read_channel("raw")$n, c(3e9, 4))
})

test_that("differing columns are one error that names every file at fault", {
  with_files(a.csv = "x,y", b.csv = "x,z", c.csv = "x,y,y", d.csv = "y,x")
  found <- expect_error(read_channel("raw"), class = "shardr_error_columns_differ")
  text <- gsub("\\s+", " ", conditionMessage(found))
  expect_match(text, "b.csv has no column y; has a further column z.", fixed = TRUE)
  expect_match(text, "c.csv has two columns y.", fixed = TRUE)
  expect_false(grepl("d.csv", text, fixed = TRUE))
  expect_error(read_channel("raw", columns = "q"), "a.csv has no column q", class = "shardr_error_columns_differ")
})

test_that("braces in names are text, not code", {
  with_files("{1+1}.csv" = "x", "b.csv" = "{stop('ran')}")
  expect_error(read_channel("raw"), "{stop('ran')}", fixed = TRUE, class = "shardr_error_columns_differ")
})

test_that("rows that a reader would leave out or bend are an error that names the file", {
  bad <- list(short = c("a,b", "1,2", "3"), long = c("a,b", "1,2", "3,4,5"))
  for (lines in bad) {
    with_files(bad.csv = lines)
    expect_error(read_channel("raw"), "bad.csv", class = "shardr_error_data")
  }
  with_files(bad.csv = c("a,b", "1,2", "x,4"))
  expect_error(read_channel("raw", col_types = c(a = "integer")), "bad.csv", class = "shardr_error_data")
  expect_error(read_channel("raw", col_types = c(a = "int")), "Unknown column type", class = "shardr_error_data")
  expect_error(read_channel("raw", col_types = c("integer", "double")), "name its columns", class = "shardr_error_data")
})

test_that("texts are kept to the byte: quotes, commas, line breaks, blanks, NA, UTF-8, a BOM before the header", {
  with_files(a.csv = c("\ufeffq,w", "\"a \"\"b\"\", c\", x ", "\"two", "lines\",NA", "\"\",\u00e9", ",z"))
  found <- read_channel("raw", col_types = "character", na = "")
  expect_identical(found$q, c("a \"b\", c", "two\nlines", "", NA))
  expect_identical(found$w, c(" x ", "NA", "\u00e9", "z"))
  expect_identical(read_channel("raw")$w, c(" x ", NA, "\u00e9", "z"))
})

test_that("quotes tell a text from a missing value; only base R cannot see them", {
  skip_if_not_installed("data.table")
  with_files(a.csv = c("n,t", "1,\"\"", "2,\"NA\"", "3,", "4,NA", "\"5\",x"))
  found <- read_channel("raw")
  expect_identical(found, data.frame(n = 1:5, t = c("", "NA", NA, NA, "x")))
  slow <- read_text_base(shard_files("raw"), ",", character(), c("n", "t"), c("", "NA"))
  expect_identical(slow, data.frame(n = 1:5, t = c(NA, NA, NA, NA, "x")))
})

test_that("tsv, gz and JSON lines are read by their names, and others are refused", {
  base <- with_files(a.tsv = c("x\ty", "1\ta,b"))
  expect_identical(read_channel("raw"), data.frame(x = 1L, y = "a,b"))
  con <- gzfile(file.path(channel("raw"), "b.tsv.gz"))
  writeLines(c("x\ty", "2\tc"), con)
  close(con)
  expect_identical(read_channel("raw")$x, 1:2)
  put_input(base, "raw", "c.jsonl", c("{\"x\": 3, \"z\": null}", "{\"x\": 4, \"z\": \"s\"}"))
  expect_error(read_channel("raw"), "several formats", class = "shardr_error_data")
  json <- read_channel("raw", files = shard_files("raw", "jsonl"), columns = c("z", "x", "w"))
  expect_identical(json, data.frame(z = c(NA, "s"), x = 3:4, w = NA))
  put_input(base, "raw", "d.parquet", "PAR1")
  expect_error(read_channel("raw"), "d.parquet", class = "shardr_error_data")
})

test_that("base R reads what data.table reads", {
  skip_if_not_installed("data.table")
  base <- with_files(
    a.csv = c("i,d,t,b,z", "1,1.5,x,TRUE,007", "-2,,\"a \"\"q\"\", b\",FALSE,1", ",2,\u00e9,,2"), b.csv = "i,d"
  )
  for (file in shard_files("raw")) {
    kept <- read_header(file, ",")
    expect_identical(
      read_text_base(file, ",", character(), kept, c("", "NA"))[0, ],
      read_text_fast(file, ",", character(), kept, c("", "NA"))[0, ]
    )
    for (types in list(stats::setNames(rep("character", length(kept)), kept), c(i = "double"))) {
      expect_identical(
        read_text_base(file, ",", types, kept, c("", "NA")), read_text_fast(file, ",", types, kept, c("", "NA"))
      )
    }
  }
  expect_error(typed_text(c("1", "x"), "age", c(age = "integer")), "Column age")
})

test_that("a script that attached data.table gets one", {
  skip_if_not_installed("data.table")
  with_files(a.csv = c("x", "1"))
  expect_identical(class(read_channel("raw")), "data.frame")
  withr::local_package("data.table")
  expect_s3_class(read_channel("raw"), "data.table")
})
