# Data frames between R and Python (reticulate): the column bridge, one way at a time, and beside reticulate's own
# converter. Set RETICULATE_PYTHON to a Python that has shardr.
#
#     Rscript bench/frames.R [rows]
#
# The frame has 4 double, 3 integer, 2 string and 1 factor columns. Medians of 5; one line per figure.

given <- commandArgs(trailingOnly = TRUE)
rows <- if (length(given)) as.numeric(given[1]) else 1e6
stock_rows <- min(rows, 1e5)
first_measured <- 0.28 # seconds for 1e6 x 10 one way, when the road was chosen

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

frame <- mixed(rows)
in_python <- to_python(frame)
stopifnot(identical(from_python(in_python), frame))
there <- seconds(function() to_python(frame))
back <- seconds(function() from_python(in_python))
limit <- 3 * first_measured * rows / 1e6
line <- "frames: %s %.0f x 10: %.3f s (%.2f of the limit %.2f s)\n"
cat(sprintf(line, "R -> reticulate -> Python", rows, there, there / limit, limit))
cat(sprintf(line, "Python -> reticulate -> R", rows, back, back / limit, limit))

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
