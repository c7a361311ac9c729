# Channels in mode Pipe: an epoch as a connection, as lines, or as blocks of rows. Python: runtime/pipes.py.

#' An epoch of a streamed channel
#'
#' A channel with `input_mode = "Pipe"` has no files: its data is read as it comes, once for each epoch. Epochs are
#' counted from 0 and read one after the other. Closing one early is allowed; opening one that is not read is not: the
#' service fails a job for it after an hour. All objects come behind one another, with nothing between them.
#'
#' `for` cannot take what is still to come, so `pipe_lines()` and `pipe_blocks()` give a function: each call of it gives
#' the next lines, or the next rows. Nothing is read ahead of it, as in Python by `ahead =`: R has no threads, and what
#' another process read would have to be copied once more. The pipe itself holds 1 MB.
#'
#' @param name Name of an input of the job.
#' @param epoch Which time the data is read, from 0.
#' @param n How many lines at most at a time.
#' @param rows How many rows at a time, fewer only the last; by default as many as 1 MB holds.
#' @returns `pipe_connection()`: a connection, open to be read as bytes, which you close. `pipe_lines()`: a function
#'   without arguments that gives a character vector, and `NULL` at the end. `pipe_blocks()`, for channels of
#'   recordIO-protobuf: the same with a block of rows, as [recordio_blocks()] gives them. `shardr_error_not_found` for a
#'   channel that there is not, and for an epoch that does not come.
#' @seealso [read_channel()] for channels with files.
#' @export
#' @examplesIf file.exists("/opt/ml/input/data/train_0")
#' more <- pipe_lines("train")
#' while (!is.null(lines <- more())) print(length(lines))
pipe_connection <- function(name, epoch = 0) {
  folder <- channel(name)
  path <- paste0(folder, "_", format(epoch, scientific = FALSE))
  until <- Sys.time() + pipe_wait_seconds
  while (!file.exists(path)) {
    if (dir.exists(folder) || Sys.time() > until) {
      container_abort(
        c(
          "{.path {path}} is not there.",
          "i" = "A channel in mode Pipe has one epoch after the other, and each can be opened once.",
          "i" = "Set {.code input_mode = \"Pipe\"}, and read epoch 0 first, then 1."
        ),
        "not_found", environment()
      )
    }
    Sys.sleep(0.01)
  }
  file(path, "rb", raw = TRUE) # reads as much as is asked for, which a fifo() does not
}

#' @rdname pipe_connection
#' @export
pipe_lines <- function(name, epoch = 0, n = 10000L) {
  pipe_reader(name, epoch, function(con) {
    function() {
      lines <- readLines(con, n, warn = FALSE, encoding = "UTF-8")
      if (length(lines)) lines
    }
  })
}

#' @rdname pipe_connection
#' @export
pipe_blocks <- function(name, epoch = 0, rows = NULL) {
  pipe_reader(name, epoch, function(con) recordio_blocks(con, rows))
}

# A function that gives what the next call of `begin(con)` gives; where that is NULL, the epoch is over and closed.
pipe_reader <- function(name, epoch, begin) {
  con <- NULL
  following <- NULL
  function() {
    if (is.null(con)) {
      con <<- pipe_connection(name, epoch)
      following <<- begin(con)
    }
    if (isFALSE(con)) return(NULL)
    found <- following()
    if (is.null(found)) {
      close(con)
      con <<- FALSE
    }
    found
  }
}

pipe_wait_seconds <- 60
