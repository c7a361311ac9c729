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

sparse_rows <- function(row, column, value, shape) {
  structure(list(row = row, column = column, value = value, shape = shape), class = "shardr_sparse")
}

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
    file <- in_file(case$bytes)
    told <- expect_error(all_blocks(file), class = "shardr_error_data")
    said <- gsub("\\s+", " ", conditionMessage(told))
    expect_true(
      grepl(paste0(", record ", case$record, ": ", case$says), said, fixed = TRUE), info = paste(case$name, said)
    )
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
  blocks <- all_blocks(files, rows = 1500)
  expect_identical(vapply(blocks, `[[`, 0, "first"), c(1, 1501, 3001, 1, 1501, 3001, 1, 1501))
  con <- file(files[[1L]], "rb")
  withr::defer(close(con))
  expect_identical(sum(vapply(all_blocks(con), `[[`, 0L, "rows")), 4000L)
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
