# Seconds that R takes to read a file of dense float32 whole, and by readBin for each record: for bench/recordio.py.

suppressMessages(library(shardr))
file <- commandArgs(TRUE)[[1L]]
part <- 10

ours <- function() {
  next_block <- recordio_blocks(file)
  rows <- 0
  while (!is.null(block <- next_block())) rows <- rows + block$rows
  rows
}

each <- function(rows) {
  con <- file(file, "rb")
  on.exit(close(con))
  found <- vector("list", rows / part)
  for (i in seq_along(found)) {
    readBin(con, "raw", 4L)
    length <- readBin(con, "integer", 1L, endian = "little")
    record <- readBin(con, "raw", length + -length %% 4L)
    found[[i]] <- readBin(record[(length - 199L):length], "double", 50L, size = 4L, endian = "little")
  }
  do.call(rbind, found)
}

times <- c(Inf, Inf)
rows <- ours()
for (turn in 1:5) {
  times[[1L]] <- min(times[[1L]], system.time(ours())[["elapsed"]])
  times[[2L]] <- min(times[[2L]], system.time(each(rows))[["elapsed"]] * part)
}
cat(times, "\n")
