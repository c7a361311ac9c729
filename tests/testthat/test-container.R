# What scripts can ask about their instance, in folders that stand for /opt/ml.

test_that("channel() gives the folder of inputs and outputs, below SHARDR_BASE_DIR", {
  base <- in_instance()
  expect_identical(channel("raw"), file.path(base, "processing", "input", "raw"))
  expect_identical(channel("filtered"), file.path(base, "processing", "output", "filtered"))
  withr::local_envvar(SHARDR_BASE_DIR = paste0(base, "/"))
  expect_identical(channel("raw"), file.path(base, "processing", "input", "raw"))
})

test_that("without SHARDR_BASE_DIR, paths are those of a container", {
  withr::local_envvar(SHARDR_BASE_DIR = NA)
  expect_identical(opt_ml("config", "x"), "/opt/ml/config/x")
  expect_identical(local_path("/opt/ml/processing/input/raw/"), "/opt/ml/processing/input/raw")
  withr::local_envvar(SHARDR_BASE_DIR = "C:\\here\\1")
  expect_identical(local_path("/opt/ml/processing/x"), "C:\\here\\1/processing/x")
  expect_identical(local_path("/opt/mlx"), "/opt/mlx")
})

test_that("an unknown name is an error that lists the known ones", {
  in_instance(outputs = c("a", "b"))
  expect_error(channel("rwa"), "no input or output named \"rwa\"", class = "shardr_error_not_found")
  expect_error(channel("rwa"), "\"raw\", \"code\", \"a\", and \"b\"", class = "shardr_error")
  expect_error(shard_files("a"), "no input named \"a\"", class = "shardr_error_not_found")
  expect_error(write_output(mtcars, "raw"), "no output named \"raw\"", class = "shardr_error_not_found")
  expect_error(channel(c("a", "b")), "must be one", class = "shardr_error_not_found")
})

test_that("an error blames the function that the script called", {
  in_instance()
  blamed <- function(expr) rlang::call_name(conditionCall(expect_error(expr, class = "shardr_error_not_found")))
  expect_identical(blamed(read_channel("rww")), "read_channel")
  expect_identical(blamed(shard_files("rww")), "shard_files")
  expect_identical(blamed(channel("rww")), "channel")
})

test_that("outside an instance every verb says so, and how to get in", {
  withr::local_envvar(SHARDR_BASE_DIR = file.path(tempdir(), "nowhere"))
  calls <- list(
    quote(channel("raw")), quote(shard()), quote(shard_rows(1)), quote(shard_files("raw")),
    quote(read_channel("raw")), quote(write_output(mtcars, "x")), quote(job_message("x"))
  )
  for (call in calls) {
    found <- expect_error(eval(call), class = "shardr_error_not_found")
    expect_match(gsub("\\s+", " ", conditionMessage(found)), "Not inside an instance: .*config.json.* is missing")
    expect_match(conditionMessage(found), "shardr run", fixed = TRUE)
  }
})

test_that("a configuration that is not JSON is named", {
  base <- in_instance()
  writeLines("{", file.path(base, "config", "resourceconfig.json"))
  expect_error(shard(), "resourceconfig.json", class = "shardr_error_data")
})

test_that("rank is the place in the bytewise list of hosts, not the number in the name", {
  in_instance(host = "algo-2", hosts = paste0("algo-", 1:11))
  here <- shard()
  expect_identical(here$hosts[1:4], c("algo-1", "algo-10", "algo-11", "algo-2"))
  expect_identical(here[c("rank", "size", "host")], list(rank = 3L, size = 11L, host = "algo-2"))
  expect_output(print(here), "instance 4 of 11: algo-2 (rank 3)", fixed = TRUE)
  in_instance(host = "algo-3", hosts = c("algo-1", "algo-2"))
  expect_error(shard(), "does not list this instance", class = "shardr_error_data")
})

test_that("shard_rows() gives each row to one instance, shares differing by one row at most", {
  for (size in c(1, 2, 3, 7, 11)) {
    hosts <- paste0("algo-", seq_len(size))
    for (n in c(0, 1, 5, 100, 41177)) {
      rows <- lapply(sort(hosts, method = "radix"), function(host) {
        in_instance(host = host, hosts = hosts)
        shard_rows(n)
      })
      expect_equal(unlist(rows), seq_len(n))
      expect_lte(diff(range(lengths(rows))), 1)
    }
  }
})

test_that("shard_rows() counts past 2^31 in exact numbers and takes no memory for them", {
  in_instance(host = "algo-2", hosts = c("algo-1", "algo-2"))
  rows <- shard_rows(2^40)
  expect_identical(length(rows), 2^39)
  expect_identical(c(rows[1], rows[2^39]), c(2^39 + 1, 2^40))
  # The middle of 2^53 over 3: i * n alone would pass what a double can count.
  expect_identical(row_bounds(2^53, 3, 0:3), c(0, 3002399751580330, 6004799503160661, 2^53))
})

test_that("shard_rows() refuses what is no number of rows", {
  in_instance()
  for (n in list(-1, 1.5, NA, "3", 1:2, 2^54, NULL)) {
    expect_error(shard_rows(n), "whole number of rows", class = "shardr_error_data")
  }
})

test_that("shard_files() lists bytewise, with sub-folders, without markers and hidden files", {
  base <- in_instance()
  for (name in c("b.csv", "B.csv", "a/z.csv", "\u00e9 x.csv", ".hidden.csv")) put_input(base, "raw", name, "a")
  file.create(file.path(base, "processing", "input", "raw", c("_SUCCESS", "folder")))
  expect_identical(
    enc2utf8(substring(shard_files("raw"), nchar(channel("raw")) + 2)), c("B.csv", "a/z.csv", "b.csv", "\u00e9 x.csv")
  )
  expect_identical(basename(shard_files("raw", "^[bz]")), c("z.csv", "b.csv"))
  expect_identical(shard_files("code"), character(0))
})

test_that("a channel whose folder holds the script's folder does not take the script for data", {
  base <- in_instance()
  config <- file.path(base, "config", "processingjobconfig.json")
  text <- gsub("/opt/ml/processing/input/raw", "/opt/ml/processing/input", readLines(config), fixed = TRUE)
  writeLines(text, config)
  put_input(base, "code", "filter.R", "1")
  put_input(base, ".", "a.csv", "x")
  expect_identical(basename(shard_files("raw")), "a.csv")
})

test_that("job_message() keeps 1024 bytes of UTF-8 and never half a character", {
  base <- in_instance()
  message <- function() readBin(file.path(base, "output", "message"), "raw", 2000)
  job_message("rows: ", 3)
  expect_identical(rawToChar(message()), "rows: 3\n")
  job_message(300000, " lines, ", c(a = 1e5L, b = NA), " of ", 2^40, ", ", 0.25, ", ", factor("x"), ", ", -1e300)
  expect_identical(
    rawToChar(message()),
    "300000 lines, 100000 of 1099511627776, 0.25, x, -1e+300\n300000 lines, NA of 1099511627776, 0.25, x, -1e+300\n"
  )
  job_message(strrep("x", 1023), "\u00e9")
  expect_identical(rawToChar(message()), strrep("x", 1023))
  job_message("x", strrep("\u20ac", 400))
  expect_identical(length(message()), 1024L)
  job_message("xx", strrep("\U1f600", 400))
  expect_identical(length(message()), 1022L)
  expect_true(validUTF8(rawToChar(message())))
  job_message("bad \xff byte")
  expect_identical(rawToChar(message()), "bad <ff> byte\n")
  job_message("")
  expect_length(message(), 0)
})
