# recordIO-protobuf as matrices and data frames. Python: api/recordio.py.

#' Read recordIO-protobuf
#'
#' The form that SageMaker's algorithms read fastest. `read_recordio()` gives all rows of files as a data frame;
#' `recordio_blocks()` gives them block by block as matrices, so that a file may be larger than memory.
#'
#' The format is the `aialgs.data` schema of protobuf in dmlc-core's RecordIO frames. Dense and sparse rows of float32,
#' float64 and int32 are read, records that were cut at their magics are put together, and `NaN` is kept.
#'
#' @param file Path of a file, or of several, which are read one after the other; for `recordio_blocks()` also an open
#'   binary connection, such as a FIFO.
#' @param rows At most so many rows in a block; by default as many as 4 MB hold.
#' @returns `read_recordio()`: a data frame with `label`, then `V1`, `V2` and so on; `uid` and `metadata` where records
#'   have them. `recordio_blocks()`: a function that gives the next block with each call, and `NULL` after the last. A
#'   block is a list of `features` (a matrix; of sparse rows a list of `row`, `column`, `value` and `shape`,
#'   of which `as.matrix()` makes one), `labels` by name, which is `values` but in answers of models, `uid`,
#'   `metadata`, `dtype`, `rows`, and `first`, the number of its first record. `shardr_error_data` names file, record
#'   and byte of what is wrong.
#' @seealso [write_recordio()]
#' @export
#' @examples
#' file <- tempfile(fileext = ".pbr")
#' write_recordio(cars, file, label = "dist")
#' head(read_recordio(file))
#' next_block <- recordio_blocks(file, rows = 20)
#' while (!is.null(block <- next_block())) print(colMeans(block$features))
read_recordio <- function(file) {
  next_block <- recordio_blocks(file)
  frames <- list()
  while (!is.null(block <- next_block())) frames[[length(frames) + 1L]] <- block_frame(block)
  if (length(frames) == 0L) return(data.frame())
  names <- unique(unlist(lapply(frames, names)))
  columns <- lapply(names, function(name) {
    unlist(lapply(frames, function(frame) if (name %in% names(frame)) frame[[name]] else rep(NA, nrow(frame))))
  })
  structure(columns, names = names, row.names = .set_row_names(length(columns[[1L]])), class = "data.frame")
}

#' @rdname read_recordio
#' @export
recordio_blocks <- function(file, rows = NULL) {
  call <- environment()
  waiting <- list()
  state <- list(file = 0L, width = NULL, labels = NULL, first = 1, offset = 0, rest = raw(), ended = TRUE)
  con <- NULL
  name <- "the connection"
  open_next <- function() {
    if (inherits(file, "connection")) {
      if (state$file > 0L) return(FALSE)
      con <<- file
    } else {
      if (state$file >= length(file)) return(FALSE)
      name <<- file[[state$file + 1L]]
      if (!file.exists(name)) container_abort("There is no file {.path {name}}.", "data", call)
      con <<- file(name, "rb")
    }
    state$file <<- state$file + 1L
    state[c("first", "offset", "ended")] <<- list(1, 0, FALSE)
    state$rest <<- raw()
    TRUE
  }
  function() {
    while (length(waiting) == 0L) {
      if (state$ended && !open_next()) return(NULL)
      found <- tryCatch(next_piece(con, state, name, rows, call), error = function(e) {
        if (!inherits(file, "connection")) close(con)
        state[c("file", "ended")] <<- list(Inf, TRUE) # nothing comes behind what is wrong
        stop(e)
      })
      waiting <<- found$blocks
      state <<- found$state
      if (state$ended && !inherits(file, "connection")) close(con)
    }
    block <- waiting[[1L]]
    waiting <<- waiting[-1L]
    block
  }
}

piece_bytes <- 2^20

# The blocks of the next piece of a file, and where it goes on.
next_piece <- function(con, state, name, rows, call) {
  wanted <- max(piece_bytes, length(state$rest))
  read <- readBin(con, "raw", wanted)
  state$ended <- length(read) == 0L
  held <- c(state$rest, read)
  scan <- recordio_scan(held, whole = state$ended)
  blocks <- list()
  for (group in scan$groups) {
    group$offsets <- group$offsets + state$offset
    step <- if (is.null(rows)) length(group$begins) else rows
    for (from in seq(1, length(group$begins), by = step)) {
      part <- from:min(from + step - 1, length(group$begins))
      some <- c(group[c("content", "words")], lapply(group[c("begins", "ends", "offsets")], `[`, part))
      block <- block_or_abort(some, state, name, call)
      block$first <- state$first
      state$first <- state$first + block$rows
      if (!is.null(block$features)) state$width <- ncol(block$features)
      state$labels <- names(block$labels)
      blocks[[length(blocks) + 1L]] <- block
    }
  }
  if (!is.null(scan$fault)) abort_record(name, state$first, state$offset + scan$fault$offset, scan$fault$message, call)
  state$rest <- held[seq_len(length(held) - scan$done) + scan$done]
  state$offset <- state$offset + scan$done
  list(blocks = blocks, state = state)
}

block_or_abort <- function(group, state, name, call) {
  tryCatch(
    {
      block <- record_block(group, state$width)
      check_labels(names(block$labels), state)
      block
    },
    shardr_record_fault = function(fault) {
      number <- fault$record
      abort_record(name, state$first + number - 1, group$offsets[[number]], fault$message, call)
    }
  )
}

check_labels <- function(found, state) {
  if (state$first == 1 && is.null(state$labels)) return()
  lacking <- setdiff(state$labels, found)
  more <- setdiff(found, state$labels)
  if (length(lacking)) record_fault(1L, paste0("has no label \"", lacking[[1L]], "\", which others have"))
  if (length(more)) record_fault(1L, paste0("has a label \"", more[[1L]], "\", which others have not"))
}

abort_record <- function(name, record, offset, message, call) {
  what <- paste0(name, ", record ", plain_number(record), ": ", message)
  # no names of values are in it, whatever the file is called
  what <- gsub("([{}])", "\\1\\1", what)
  container_abort(c(what, "x" = paste0("its frame begins at byte ", plain_number(offset))), "data", call)
}

block_frame <- function(block) {
  plain <- ifelse(names(block$labels) == "values", "label", names(block$labels))
  labels <- unlist(Map(function(values, name) {
    if (!is.matrix(values)) return(stats::setNames(list(values), name))
    stats::setNames(lapply(seq_len(ncol(values)), function(i) values[, i]), paste0(name, seq_len(ncol(values))))
  }, block$labels, plain, USE.NAMES = FALSE), recursive = FALSE)
  features <- if (!is.null(block$features)) as.matrix(block$features)
  columns <- c(
    if (!is.null(block$uid)) list(uid = block$uid), labels,
    stats::setNames(lapply(seq_len(NCOL(features) * !is.null(features)), function(i) features[, i]),
                    sprintf("V%d", seq_len(NCOL(features) * !is.null(features)))),
    if (!is.null(block$metadata)) list(metadata = block$metadata)
  )
  structure(columns, names = names(columns), row.names = .set_row_names(block$rows), class = "data.frame")
}

#' @export
as.matrix.shardr_sparse <- function(x, ...) {
  found <- matrix(0, x$shape[[1L]], x$shape[[2L]])
  found[cbind(x$row, x$column)] <- x$value
  found
}

#' @export
dim.shardr_sparse <- function(x) x$shape
