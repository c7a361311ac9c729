# Files of records: sharded, looked over, and turned into tables and back by the Python half.

test_that("shards have all rows in order and are no larger than asked for", {
  folder <- withr::local_tempdir()
  table <- matrix(as.numeric(1:200), 40)
  sparse <- as_sparse(table)
  for (rows in list(table, sparse)) {
    for (most in list(list(shard_rows = 7), list(shard_bytes = 700), list(shard_rows = 9, shard_bytes = 1))) {
      files <- do.call(write_recordio, c(list(rows, file.path(folder, "rows.pbr")), most))
      expect_identical(basename(files), sprintf("rows-%05d.pbr", seq_along(files) - 1L))
      expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), basename(files))
      expect_equal(unname(as.matrix(read_recordio(files))), table)
      found <- recordio_info(files)
      expect_true(all(found$records <= c(most$shard_rows, 40)[[1L]]))
      expect_true(all(found$bytes <= c(most$shard_bytes, Inf)[[1L]] | found$records == 1))
      expect_gt(length(files), 1L)
      unlink(files)
    }
  }
  expect_error(write_recordio(table, "a.pbr", shard_rows = 0), "at least one row", class = "shardr_error_data")
})

test_that("shards are called as the contract has them", {
  folder <- withr::local_tempdir()
  for (case in contract_cases("recordio.json")$shards) {
    files <- write_recordio(data.frame(a = 1:3), file.path(folder, case$file), shard_rows = 2)
    expect_identical(files, file.path(folder, unlist(case$shards)))
  }
  expect_error(write_recordio(data.frame(a = 1), folder), "is a folder", class = "shardr_error_data")
})

test_that("blocks of files are written one by one, and nothing is there when one is wrong", {
  folder <- withr::local_tempdir()
  file <- file.path(folder, "rows.pbr")
  frame <- data.frame(y = 1:70000 / 2, a = c(1, NaN), b = 3)
  write_recordio(frame, file, label = "y", uid = rep(c("u", NA), 35000), dtype = "float64")
  copy <- write_recordio(recordio_blocks(file), file.path(folder, "copy.pbr"))
  expect_identical(tools::md5sum(copy)[[1L]], tools::md5sum(file)[[1L]])
  parts <- write_recordio(file, file.path(folder, "part.pbr"), shard_rows = 40000)
  expect_identical(read_recordio(parts), read_recordio(file))
  bytes <- readBin(file, "raw", 1e8)
  writeBin(bytes[-length(bytes)], file)
  expect_error(write_recordio(recordio_blocks(file), file.path(folder, "half.pbr")), "record 70000: the file ends",
               class = "shardr_error_data")
  expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), c("rows.pbr", "copy.pbr", basename(parts)))
})

test_that("what is in files is told as the contract has it, NaN counted and its first record named", {
  folder <- withr::local_tempdir()
  for (case in contract_cases("recordio.json")$infos) {
    file <- file.path(folder, "a.pbr")
    writeBin(from_hex(case$bytes), file)
    told <- case$told
    told$labels <- paste(unlist(told$labels), collapse = ", ")
    found <- recordio_info(file)
    for (name in names(told)) {
      wanted <- if (is.null(told[[name]])) found[[name]][NA] else told[[name]]
      expect_equal(found[[name]], wanted, info = paste(case$name, name))
    }
  }
  files <- file.path(folder, c("a.pbr", "b.pbr"))
  write_recordio(data.frame(a = 1, b = 2), files[[1L]])
  write_recordio(data.frame(a = 1), files[[2L]])
  expect_error(recordio_info(files), "b.pbr, record 1: expected 2 columns, found 1", class = "shardr_error_data")
})

test_that("tables of other formats become records and come back", {
  folder <- withr::local_tempdir()
  csv <- file.path(folder, "rows.csv")
  writeLines(c("id,y,a", "u,1,0.5", "v,0,NA", "w,1,-2"), csv)
  files <- write_recordio(csv, file.path(folder, "rows.pbr"), label = "y", uid = "id", shard_rows = 2)
  expect_identical(basename(files), c("rows-00000.pbr", "rows-00001.pbr"))
  wanted <- data.frame(uid = c("u", "v", "w"), label = c(1, 0, 1), V1 = c(0.5, NaN, -2))
  expect_identical(read_recordio(files), wanted)
  for (ending in c("csv", "tsv", "jsonl", "parquet")) {
    to <- file.path(folder, paste0("back.", ending))
    expect_identical(decode_recordio(files, to), to)
    again <- write_recordio(to, file.path(folder, "again.pbr"), label = "label", uid = "uid")
    expect_identical(read_recordio(again), wanted, info = ending)
  }
  expect_error(write_recordio(csv, file.path(folder, "x.pbr")), "\"u\" is no number", class = "shardr_error_data")
  expect_error(decode_recordio(csv, to), "rows.csv, record 1: no recordIO", class = "shardr_error_data")
})
