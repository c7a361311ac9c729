# Blocks of rows out of a connection, with no more than a piece of it in memory. Python: recordio/reading.py.

# The blocks of a file, or of a connection, which stays open: `block()` gives the next one, `close()` ends it.
file_blocks <- function(file, asked, call, rows = NULL, name = NULL) {
  con <- file
  if (!inherits(file, "connection")) {
    name <- file
    if (!file.exists(name)) container_abort("There is no file {.path {name}}.", "data", call)
    con <- base::file(name, "rb")
  }
  found <- stream_blocks(con, name, asked, rows, call)
  list(
    block = if (is.null(rows)) found else resized_blocks(found, rows),
    close = function() if (!inherits(file, "connection")) close(con)
  )
}

piece_bytes <- 2^20 # larger ones are turned into columns more slowly

# A function that gives the next block of a connection with each call, and NULL at the end. What is wrong with a record
# is told after the blocks before it. `asked` is the width, the dtype and the width of each label that all must have,
# where known; `rows` only makes pieces that can be cut into blocks of so many.
stream_blocks <- function(con, name, asked, rows, call) {
  waiting <- list()
  wrong <- NULL
  first <- 1
  offset <- 0
  rest <- raw()
  layout <- NULL
  ended <- FALSE
  decoded <- function(group) {
    offsets <- group$offsets + offset
    block <- tryCatch(record_block(group, asked), shardr_record_fault = function(fault) {
      abort_record(name, first + fault$record - 1, offsets[[fault$record]], fault$message, call)
    })
    block$first <- first
    first <<- first + block$rows
    asked <<- asked_after(asked, block)
    block
  }
  next_piece <- function() {
    wanted <- wanted_bytes(length(rest), layout$step, rows)
    read <- filled(con, wanted)
    ended <<- length(read) < wanted
    held <- if (length(rest)) c(rest, read) else read
    scan <- recordio_scan(held, ended, layout)
    for (group in scan$groups) {
      if (!is.null(group$alike)) layout <<- group$alike$layout
      waiting[[length(waiting) + 1L]] <<- decoded(group)
    }
    if (!is.null(scan$fault)) abort_record(name, first, offset + scan$fault$offset, scan$fault$message, call)
    rest <<- held[seq_len(length(held) - scan$done) + scan$done]
    offset <<- offset + scan$done
  }
  function() {
    while (length(waiting) == 0L) {
      if (!is.null(wrong)) stop(wrong)
      if (ended) return(NULL)
      tryCatch(next_piece(), error = function(e) wrong <<- e)
    }
    block <- waiting[[1L]]
    waiting <<- waiting[-1L]
    block
  }
}

# How many bytes to read behind those that are left: whole frames where all are alike, so that none is left again; and
# twice as many, until it does, of a record that does not fit.
wanted_bytes <- function(left, step, rows) {
  if (is.null(step)) return(max(piece_bytes, left))
  whole <- step * (rows %||% 1)
  max(1, max(piece_bytes, left) %/% whole) * whole + -left %% whole
}

# So many bytes, fewer only at the end: a connection may give what it has.
filled <- function(con, wanted) {
  read <- readBin(con, "raw", wanted)
  if (length(read) == 0L || length(read) == wanted) return(read)
  parts <- list(read)
  missing <- wanted - length(read)
  while (missing > 0 && length(read <- readBin(con, "raw", missing))) {
    parts[[length(parts) + 1L]] <- read
    missing <- missing - length(read)
  }
  do.call(c, parts)
}

abort_record <- function(name, record, offset, message, call) {
  what <- escaped(paste0(name, ", record ", plain_number(record), ": ", message))
  container_abort(c(what, "x" = paste0("its frame begins at byte ", plain_number(offset))), "data", call)
}
