# Files of records under way, which are there when all are written. Python: data/recordio_files.py.

# What writes records into as many files as they need: `add(records)`, `finish()`, which gives the paths, and `drop()`.
record_shards <- function(file, most_rows, most_bytes, call) {
  sharded <- !is.null(most_rows) || !is.null(most_bytes)
  made <- character()
  con <- NULL
  rows <- 0
  size <- 0
  close_one <- function() {
    if (!is.null(con)) close(con)
    con <<- NULL
  }
  open_one <- function() {
    close_one()
    made <<- c(made, tempfile(".records-", dirname(file)))
    con <<- file(made[[length(made)]], "wb")
    rows <<- 0
    size <<- 0
  }
  # How many of the records from `row` on, which begins behind `begin`, go into the open file.
  fitting <- function(ends, row, begin) {
    fits <- length(ends) - row
    if (!is.null(most_rows)) fits <- min(fits, most_rows - rows)
    if (!is.null(most_bytes)) fits <- min(fits, findInterval(begin + most_bytes - size, ends) - row)
    if (fits < 1 && rows == 0) 1 else max(0, fits)
  }
  add <- function(records) {
    row <- 0
    begin <- 0
    while (row < length(records$ends)) {
      if (is.null(con)) open_one()
      fits <- fitting(records$ends, row, begin)
      if (fits == 0) {
        open_one()
        next
      }
      end <- records$ends[[row + fits]]
      whole <- begin == 0 && end == length(records$bytes)
      writeBin(if (whole) records$bytes else records$bytes[begin + seq_len(end - begin)], con)
      rows <<- rows + fits
      size <<- size + end - begin
      row <- row + fits
      begin <- end
    }
  }
  finish <- function() {
    if (length(made) == 0L) open_one() # of no rows a file without one
    close_one()
    files <- if (sharded) shard_names(file, length(made)) else file
    moved <- suppressWarnings(file.rename(made, files))
    if (!all(moved)) container_abort("Cannot write {.path {files[!moved]}}.", "data", call)
    made <<- character()
    files
  }
  drop <- function() {
    close_one()
    unlink(made)
  }
  list(add = add, finish = finish, drop = drop)
}

# rows-00000.pbr and so on of rows.pbr, and of rows: without an ending nobody would take a shard for a table.
shard_names <- function(file, count) {
  ending <- paste0(regmatches(basename(file), regexpr("\\.[^.]+$", basename(file))), "")
  start <- substr(file, 1L, nchar(file) - nchar(ending))
  paste0(start, sprintf("-%05d", seq_len(count) - 1L), if (nzchar(ending)) ending else ".pbr")
}
