# Records are those of the Python half: tests/contract/recordio.json, which has the golden vectors of the format.

cases <- function() contract_cases("recordio.json")

in_file <- function(hex, env = parent.frame()) {
  file <- withr::local_tempfile(fileext = ".pbr", .local_envir = env)
  writeBin(from_hex(hex), file)
  file
}

rows_of <- function(case) {
  if (!is.null(case$cells)) {
    cells <- do.call(rbind, lapply(case$cells, unlist))
    n <- max(2L, length(case$labels$values))
    return(sparse_rows(cells[, 1L], cells[, 2L], cells[, 3L], c(n, case$width)))
  }
  if (is.null(case$features)) return(NULL)
  table <- do.call(rbind, lapply(case$features, function(row) as.numeric(unlist(row))))
  if (is.null(case$sparse)) return(table)
  at <- which(t(table) != 0, arr.ind = TRUE)
  sparse_rows(at[, 2L], at[, 1L], table[at[, 2:1, drop = FALSE]], dim(table))
}

recordio_bytes <- function(...) recordio_records(...)$bytes

labels_of <- function(case) {
  found <- lapply(case$labels, function(values) {
    if (is.list(values[[1L]])) do.call(rbind, lapply(values, unlist)) else unlist(values)
  })
  if (length(found)) found else list()
}

texts_of <- function(texts) {
  if (!is.null(texts)) vapply(texts, function(text) if (is.null(text)) NA_character_ else text, "")
}

all_blocks <- function(...) {
  next_block <- recordio_blocks(...)
  found <- list()
  while (!is.null(block <- next_block())) found[[length(found) + 1L]] <- block
  found
}

test_that("records are read as the contract has them", {
  for (case in cases()$records) {
    blocks <- all_blocks(in_file(case$bytes))
    if (case$bytes == "") {
      expect_length(blocks, 0L)
      next
    }
    tables <- lapply(blocks, function(block) if (!is.null(block$features)) as.matrix(block$features))
    wanted <- rows_of(case)
    expect_equal(do.call(rbind, tables), if (!is.null(wanted)) as.matrix(wanted), info = case$name, ignore_attr = TRUE)
    expect_equal(blocks[[1L]]$labels, labels_of(case), info = case$name, ignore_attr = "names")
    expect_identical(names(blocks[[1L]]$labels), names(case$labels), info = case$name)
    expect_identical(blocks[[1L]]$uid, texts_of(case$uids), info = case$name)
    expect_identical(blocks[[1L]]$metadata, texts_of(case$metadata), info = case$name)
  }
})

test_that("records are written as the contract has them", {
  for (case in cases()$records) {
    if (isFALSE(case$written) || isTRUE(case$split_magic)) next
    rows <- rows_of(case)
    if (is.null(rows) && is.null(case$labels)) rows <- matrix(0, 0, 2)
    bytes <- recordio_bytes(rows, labels_of(case), case$dtype, texts_of(case$uids), texts_of(case$metadata))
    expect_identical(paste(format(bytes), collapse = ""), case$bytes, info = case$name)
  }
})

test_that("what is wrong is told with file, record and byte", {
  for (case in cases()$wrong) {
    files <- vapply(case$files %||% list(case$bytes), in_file, "", env = environment())
    told <- expect_error(all_blocks(files, width = case$asked$width, dtype = case$asked$dtype),
                         class = "shardr_error_data")
    # the path of a file may be broken into lines
    said <- gsub("\\s+", "", conditionMessage(told))
    place <- paste0(files[[case$file %||% 1L]], ", record ", case$record, ": ", case$says)
    expect_true(grepl(gsub(" ", "", place), said, fixed = TRUE), info = paste(case$name, conditionMessage(told)))
    said <- gsub("\\s+", " ", conditionMessage(told))
    expect_match(said, paste0("its frame begins at byte ", case$offset), fixed = TRUE, info = case$name)
  }
})

test_that("a data frame comes back, its label first, in blocks as large as asked for, and from a connection", {
  rows <- cars[rep(1:50, 200), ]
  files <- write_recordio(rows, withr::local_tempfile(fileext = ".pbr"), label = "dist", shard_rows = 4000)
  withr::defer(unlink(files))
  expect_match(basename(files), "-0000[012]\\.pbr$")
  found <- read_recordio(files)
  expect_equal(found, data.frame(label = rows$dist, V1 = rows$speed))
  blocks <- all_blocks(files, rows = 1500L)
  expect_identical(vapply(blocks, `[[`, 0, "first"), c(1, 1501, 3001, 1, 1501, 3001, 1, 1501))
  con <- file(files[[1L]], "rb")
  withr::defer(close(con))
  expect_identical(sum(vapply(all_blocks(con), `[[`, 0L, "rows")), 4000L)
})

test_that("files and answers are data frames as the contract has them", {
  for (case in cases()$tables) {
    wanted <- lapply(case$columns, function(cells) {
      cells <- unlist(lapply(cells, function(cell) if (identical(cell, "NaN")) NaN else cell))
      if (is.numeric(cells)) as.numeric(cells) else cells
    })
    expect_identical(as.list(read_recordio(in_file(case$bytes))), wanted, info = case$name)
  }
})

test_that("blocks have as many rows as asked for, whatever the rows are", {
  file <- withr::local_tempfile()
  table <- matrix(as.numeric(1:69), 23, 3)
  records <- list(
    recordio_bytes(table, list(values = 1:23), "float32"),
    recordio_bytes(table, NULL, "float32", uid = rep(c("a", NA, "bc"), length.out = 23)),
    recordio_bytes(as_sparse(table), list(values = table[, 1:2]), "float64"),
    c(recordio_bytes(table[1:10, ], NULL, "float32"), recordio_bytes(as_sparse(table[11:23, ]), NULL, "float64"))
  )
  for (bytes in records) {
    writeBin(bytes, file)
    blocks <- all_blocks(file, rows = 5)
    expect_identical(vapply(blocks, `[[`, 0L, "rows"), c(5L, 5L, 5L, 5L, 3L))
    expect_equal(vapply(blocks, `[[`, 0, "first"), c(1, 6, 11, 16, 21))
    expect_equal(do.call(rbind, lapply(blocks, function(block) as.matrix(block$features))), table)
    whole <- all_blocks(file, rows = 23)[[1L]]
    expect_identical(unlist(lapply(blocks, `[[`, "uid")), whole$uid)
    labels <- lapply(blocks, function(block) if (length(block$labels)) as.matrix(block$labels$values))
    expect_identical(do.call(rbind, labels), if (length(whole$labels)) as.matrix(whole$labels$values))
  }
  expect_error(recordio_blocks(file, rows = 0), "at least one row", class = "shardr_error_data")
})

test_that("dense rows are the same wherever their numbers are in a frame, also where pieces end within one", {
  withr::local_seed(1)
  file <- withr::local_tempfile()
  for (width in c(1:3, 28:32, 126, 700)) {
    for (dtype in c("float32", "float64")) {
      table <- matrix(sample(2^20, 1003 * width, replace = TRUE) / 64, ncol = width)
      table[sample(length(table), 3)] <- c(0, NaN, -Inf)
      label <- if (width %% 2 == 1) table[, 1L]
      write_recordio(table, file, label = label, dtype = dtype)
      blocks <- all_blocks(file)
      expect_identical(do.call(rbind, lapply(blocks, `[[`, "features")), table)
      expect_identical(unlist(lapply(blocks, function(block) block$labels$values)), label)
    }
  }
  expect_gt(length(blocks), 1L)
})

# What comes of bytes: rows, or which record is wrong and how.
outcome <- function(scan) {
  first <- 1
  asked <- list()
  found <- list()
  for (group in scan$groups) {
    block <- tryCatch(record_block(group, asked), shardr_record_fault = identity)
    if (inherits(block, "error")) return(list(record = first + block$record - 1, says = conditionMessage(block)))
    asked <- list(width = block_width(block), labels = label_widths(block$labels))
    found <- c(found, list(block))
    first <- first + block$rows
  }
  if (!is.null(scan$fault)) return(list(record = first, says = scan$fault$message))
  block <- joined_blocks(found)
  list(rows = as.matrix(block$features), labels = block$labels, uid = block$uid)
}

test_that("dense rows that are read all at once are what they are one by one, also when any byte is another", {
  whole <- recordio_bytes(matrix(c(1:8, 0), 3), list(values = c(0, 5, 6)), "float32")
  step <- length(whole) / 3
  for (byte in step + seq_len(step)) {
    for (value in c(0L, 128L, (as.integer(whole[[byte]]) + 1L) %% 256L)) {
      held <- whole
      held[[byte]] <- as.raw(value)
      at_once <- outcome(recordio_scan(held, TRUE))
      expect_equal(at_once, outcome(scan_any(held, TRUE)), info = paste(byte, value))
    }
  }
})

test_that("the rows before a wrong one are given, and what was asked for is held against each record", {
  file <- withr::local_tempfile()
  bytes <- recordio_bytes(matrix(1:20 / 2, 10), NULL, "float32")
  writeBin(c(bytes, recordio_bytes(matrix(1, 1, 3), NULL, "float64"), bytes), file)
  following <- recordio_blocks(file)
  expect_identical(following()$rows, 10L)
  expect_error(following(), "record 11: expected 2 columns, found 3", class = "shardr_error_data")
  expect_null(following())
  expect_error(all_blocks(file, width = 4), "record 1: expected 4 columns, found 2", class = "shardr_error_data")
  expect_error(all_blocks(file, dtype = "float64"), "record 1: expected float64, found float32")
  expect_error(all_blocks(file, width = 2, dtype = "float32"), "record 11: expected float32, found float64")
  expect_error(recordio_blocks(file, dtype = "float16"), "should be one of")
  # far enough behind one another to be in two pieces
  plain <- recordio_bytes(matrix(1, 70000, 2), NULL, "float32")
  writeBin(c(plain, recordio_bytes(matrix(1, 3, 2), list(values = 1:3), "float32")), file)
  expect_error(all_blocks(file), "record 70001: has a label \"values\", which others have not")
})

test_that("labels are a column or a number for each row, as the contract has them", {
  folder <- withr::local_tempdir()
  for (case in cases()$labelled) {
    rows <- if (!is.null(case$columns)) as.data.frame(lapply(case$columns, unlist)) else rows_of(case)
    if (!is.null(case$csv)) cat(case$csv, file = rows <- file.path(folder, "rows.csv"))
    file <- file.path(folder, "rows.pbr")
    unlink(file)
    label <- unlist(case$label)
    if (is.null(case$says)) {
      write_recordio(rows, file, label = label)
      expect_identical(paste(format(readBin(file, "raw", 1e4)), collapse = ""), case$bytes, info = case$name)
    } else {
      expect_error(write_recordio(rows, file, label = label), case$says, class = "shardr_error_data", info = case$name)
      expect_false(file.exists(file), info = case$name)
    }
  }
})

test_that("a missing number is a label of a row in a file, too", {
  csv <- withr::local_tempfile(lines = c("a", "1", "2", "3"), fileext = ".csv")
  file <- withr::local_tempfile(fileext = ".pbr")
  for (label in list(c(0.5, NA, -1e300), c(TRUE, NA, FALSE))) {
    write_recordio(csv, file, label = label, dtype = "float64")
    expect_identical(read_recordio(file)$label, ifelse(is.na(label), NaN, as.numeric(label)))
  }
})

test_that("what is no numbers is refused by name", {
  expect_error(write_recordio(iris, tempfile()), "Species", class = "shardr_error_data")
  expect_error(write_recordio(cars, tempfile(), label = "weight"), "weight", class = "shardr_error_data")
  expect_error(write_recordio(cbind(1.5), tempfile(), dtype = "int32"), "whole numbers", class = "shardr_error_data")
})

test_that("texts that are the same in all records are read, too", {
  file <- withr::local_tempfile()
  write_recordio(cars[1:6, ], file, label = "dist", uid = rep("u", 6), metadata = rep("", 6))
  found <- read_recordio(file)
  expect_identical(found$uid, rep("u", 6))
  expect_identical(found$metadata, rep("", 6))
  bytes <- readBin(file, "raw", file.size(file))
  bytes[bytes == charToRaw("u") & c(bytes[-1L], as.raw(1)) == as.raw(0x22)] <- as.raw(0) # what no text of R can hold
  writeBin(bytes, file)
  expect_identical(read_recordio(file)$uid, rep("\032", 6))
})

test_that("a file that is damaged leaves no connection open, and nothing comes behind it", {
  file <- withr::local_tempfile()
  writeBin(charToRaw("abcdefgh"), file)
  before <- nrow(showConnections())
  following <- recordio_blocks(c(file, file))
  expect_error(following(), "no recordIO", class = "shardr_error_data")
  expect_null(following())
  expect_identical(nrow(showConnections()), before)
})
