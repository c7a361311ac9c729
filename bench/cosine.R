# The 10 nearest rows of each of 50,000 x 256, by the cosine example's R script, against the loop that one writes first:
# row by row, the products with all rows, then order(). It works on a few rows, and both on one processor.
#
#     Rscript bench/cosine.R [rows]

if (Sys.getenv("OPENBLAS_NUM_THREADS") != "1") { # the BLAS looks before R starts
  again <- c(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE, fixed = TRUE)), commandArgs(TRUE))
  quit(status = system2(file.path(R.home("bin"), "Rscript"), again, env = "OPENBLAS_NUM_THREADS=1"))
}

rows <- as.numeric(c(commandArgs(TRUE), 50000)[1])
cosine <- new.env()
sys.source(system.file("examples", "cosine-similarity", "cosine.R", package = "shardr"), cosine)
options(matprod = "blas")

set.seed(1)
turned <- matrix(rnorm(rows * 256), 256)
unit <- cosine$directions(turned)

seconds <- function(work) system.time(work())[["elapsed"]]
loop <- function(n) {
  for (row in seq_len(n)) {
    similarity <- colSums(unit * unit[, row])
    similarity[row] <- -Inf
    order(similarity, decreasing = TRUE)[1:10]
  }
}
ours <- function(n) cosine$top_k(unit, seq_len(n), 10, 512, 1)

few <- 8
many <- min(rows, 4096)
turns <- replicate(3, c(seconds(function() loop(few)) / few, seconds(function() ours(many)) / many))
best <- apply(turns, 1, min)
cat(sprintf(
  "10 nearest of %.0f x 256 in R: %.0f x a loop over rows (%.0f vs %.0f s for all, %d runs) target >= 10\n",
  rows, best[1] / best[2], best[2] * rows, best[1] * rows, ncol(turns)
))
