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
#' @param rows How many rows a block has, fewer only the last of a file; by default as many as 1 MB holds.
#' @param width,dtype What each record must have: so many columns, and numbers of `"float32"`, `"float64"` or `"int32"`.
#'   By default as many columns as the first record, also of the files behind it, and any numbers.
#' @returns `read_recordio()`: a data frame with `label`, then `V1`, `V2` and so on; `uid` and `metadata` where records
#'   have them. A label of several numbers has a column for each, as `label_1`, and answers of models are called what
#'   they are. `recordio_blocks()`: a function that gives the next block with each call, and `NULL` after the last. A
#'   block is a list of `features` (a matrix; of sparse rows a list of `row`, `column`, `value` and `shape`,
#'   of which `as.matrix()` makes one), `labels` by name, which is `values` but in answers of models, `uid`,
#'   `metadata`, `dtype`, `rows`, and `first`, the number of its first record. `shardr_error_data` names file, record
#'   and byte of what is wrong, after the blocks before it.
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
recordio_blocks <- function(file, rows = NULL, width = NULL, dtype = NULL) {
  call <- environment()
  if (!is.null(rows) && !isTRUE(rows >= 1)) container_abort("A block has at least one row.", "data", call)
  if (!is.null(dtype)) dtype <- match.arg(dtype, names(tensor_kinds))
  files_blocks(if (inherits(file, "connection")) list(file) else as.list(file), rows, width, dtype, call)
}

# The same of a list of paths or connections; `name` is what errors call a connection.
files_blocks <- function(left, rows, width, dtype, call, name = "the connection") {
  force(left) # the first block may be asked for when what it was made of is another
  asked <- list(width = width, dtype = dtype, labels = NULL)
  following <- NULL
  finish <- function() {
    if (!is.null(following)) following$close()
    following <<- NULL
  }
  function() {
    repeat {
      if (is.null(following)) {
        if (length(left) == 0L) return(NULL)
        next_file <- left[[1L]]
        left <<- left[-1L]
        following <<- file_blocks(next_file, asked, call, rows, name)
      }
      block <- tryCatch(following$block(), error = function(e) {
        finish()
        left <<- list() # nothing comes behind what is wrong
        stop(e)
      })
      if (!is.null(block)) {
        asked <<- asked_after(asked, block)
        return(block)
      }
      finish()
    }
  }
}

block_frame <- function(block) {
  plain <- ifelse(names(block$labels) == "values", "label", names(block$labels))
  labels <- unlist(Map(function(values, name) {
    if (!is.matrix(values)) return(stats::setNames(list(values), name))
    stats::setNames(lapply(seq_len(ncol(values)), function(i) values[, i]), paste0(name, "_", seq_len(ncol(values))))
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
