# Data frames between R and Python (reticulate), one way at a time: the column bridge beside bare bytes of the same
# columns (no header, no missing values, no checks) and beside reticulate's own converter. Set RETICULATE_PYTHON to a
# Python that has shardr.
#
#     Rscript bench/frames.R [rows]
#
# The frame has 4 double, 3 integer, 2 string and 1 factor columns. Medians of 5; one line per figure.

given <- commandArgs(trailingOnly = TRUE)
rows <- if (length(given)) as.numeric(given[1]) else 1e6
stock_rows <- min(rows, 1e5)
target <- 3 # times the bare bytes
kinds <- rep(c("double", "integer", "character", "integer"), c(4, 3, 2, 1))

mixed <- function(rows) {
  set.seed(1)
  frame <- c(
    replicate(4, rnorm(rows), simplify = FALSE),
    replicate(3, sample.int(1000L, rows, TRUE), simplify = FALSE),
    list(paste0("value-", sample.int(1000L, rows, TRUE)), paste0("id", seq_len(rows))),
    list(factor(paste("level", sample.int(20L, rows, TRUE))))
  )
  names(frame) <- c(paste0("double", 1:4), paste0("integer", 1:3), "string1", "string2", "factor")
  as.data.frame(frame)
}

seconds <- function(action, repeats = 5) {
  median(vapply(seq_len(repeats), function(i) system.time(action())[["elapsed"]], 0))
}

columns <- reticulate::import("shardr.data.columns", convert = FALSE)
to_python <- function(frame) shardr:::frame_to_python(frame, columns)
from_python <- function(frame) shardr:::frame_from_python(reticulate::py_to_r(columns$to_r(frame)))

# The shortest way there is, both ways.
bare <- reticulate::py_run_string(convert = FALSE, "
import numpy, pandas

def take(buffers, kinds):
    found = {}
    for place, (buffer, kind) in enumerate(zip(buffers, kinds)):
        if kind == 'character':
            found[place] = numpy.array(str(buffer, 'utf-8').split('\\0')[:-1], dtype=object)
        else:
            found[place] = numpy.frombuffer(buffer, '<f8' if kind == 'double' else '<i4').copy()
    return pandas.DataFrame(found, copy=False)

def give(frame, kinds):
    given = []
    for name, kind in zip(frame, kinds):
        column = frame[name]
        if kind == 'character':
            given.append(bytearray(('\\0'.join(column.tolist()) + '\\0').encode()))
        else:
            given.append(bytearray(column.to_numpy().astype('<f8' if kind == 'double' else '<i4')))
    return given
")
bare_to_python <- function(frame) {
  bare$take(lapply(unname(frame), function(x) writeBin(if (is.factor(x)) as.integer(x) else x, raw())), kinds)
}
bare_from_python <- function(frame) {
  Map(function(x, kind) readBin(x, kind, rows), reticulate::py_to_r(bare$give(frame, kinds)), kinds)
}

frame <- mixed(rows)
in_python <- to_python(frame)
stopifnot(identical(from_python(in_python), frame))
bare_in_python <- bare_to_python(frame)
there <- seconds(function() to_python(frame))
bare_there <- seconds(function() bare_to_python(frame))
back <- seconds(function() from_python(in_python))
bare_back <- seconds(function() bare_from_python(bare_in_python))
line <- "frames: %s %.0f x 10: %.3f s, %.2f x bare bytes (target: at most %.0f)\n"
cat(sprintf(line, "R -> reticulate -> Python", rows, there, there / bare_there, target))
cat(sprintf(line, "Python -> reticulate -> R", rows, back, back / bare_back, target))

small <- mixed(stock_rows)
ours <- seconds(function() to_python(small))
stock <- tryCatch(seconds(function() reticulate::r_to_py(small), 3), error = function(e) NA)
cat(
  if (is.na(stock)) {
    "frames: reticulate's own converter fails with this numpy and pandas\n"
  } else {
    sprintf("frames: reticulate's own converter takes %.1f x ours R -> Python (%.0f rows)\n", stock / ours, stock_rows)
  }
)
