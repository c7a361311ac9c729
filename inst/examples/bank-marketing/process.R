# Splits the rows into train, validation and test: each row in exactly one of them, none lost, none twice.
#
# Input channel `filtered`: CSV files with equal columns. Outputs `train`, `validation`, `test`: one CSV file each.
# Arguments (or environment): --seed (SPLIT_SEED), --train and --validation (SPLIT_TRAIN, SPLIT_VALIDATION), the shares
# of the first two; the test set has the rest.

library(data.table)
library(shardr)

setDTthreads(0) # every core of the instance

option <- function(name, default) {
  arguments <- commandArgs(trailingOnly = TRUE)
  at <- match(paste0("--", name), arguments)
  text <- if (is.na(at)) Sys.getenv(paste0("SPLIT_", toupper(name)), default) else arguments[at + 1L]
  value <- suppressWarnings(as.numeric(text))
  if (is.na(value)) stop("--", name, " must be a number, found: ", text, call. = FALSE)
  value
}

seed <- option("seed", "20260101")
shares <- c(train = option("train", "0.7"), validation = option("validation", "0.15"))
if (any(shares < 0) || sum(shares) > 1) {
  stop("The shares of train and validation must be 0 or more and at most 1 together, found: ",
    toString(shares), call. = FALSE)
}

# Text in, text out: every value leaves as it came.
rows <- read_channel("filtered", files = shard_files("filtered", "[.]csv$"), col_types = "character", na = "")
n <- nrow(rows)

# Which file a row came in depends on how many instances made the files, so the order of arrival must not count. The
# rows are brought into one order of their own, by all their values; rows that are alike in all of them keep their
# number and can change places unnoticed. Then a seeded permutation deals out the places: exact shares, and the same
# rows in each part whatever the step before looked like.
values <- unname(as.list(rows)[sort(names(rows), method = "radix")])
canonical <- if (n > 0) do.call(order, c(values, method = "radix")) else integer(0)
set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
dealt <- canonical[sample.int(n)]

ends <- c(round(n * cumsum(shares)), n)
counts <- diff(c(0, ends))
parts <- c("train", "validation", "test")

for (i in seq_along(parts)) {
  part <- rows[dealt[seq_len(counts[i]) + ends[i] - counts[i]]]
  # Without any file there are no columns either, and nothing to write.
  if (ncol(rows) > 0) write_output(part, parts[i], file = paste0("bank-marketing-", parts[i], ".csv"))
}

job_message(sprintf("%.0f rows: ", n), paste(sprintf("%s %.0f", parts, counts), collapse = ", "))
