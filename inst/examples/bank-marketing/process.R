# Splits the rows into train, validation and test: each row in exactly one of them, none lost, none twice.
#
# Input channel `filtered`: CSV files with equal columns. Outputs `train`, `validation`, `test`: one CSV file each.
# Arguments (or environment): --seed (SPLIT_SEED), --train and --validation (SPLIT_TRAIN, SPLIT_VALIDATION), the shares
# of the first two; the test set has the rest.

library(data.table)
library(shardr)

setDTthreads(0) # every core of the instance

options <- c(seed = "20260101", train = "0.7", validation = "0.15")
from_environment <- Sys.getenv(paste0("SPLIT_", toupper(names(options))), unset = NA)
options[!is.na(from_environment)] <- from_environment[!is.na(from_environment)]
arguments <- commandArgs(trailingOnly = TRUE)
is_name <- seq_along(arguments) %% 2 == 1
given <- sub("^--", "", arguments[is_name])
unknown <- setdiff(given, names(options))
if (length(unknown) || length(arguments) %% 2 == 1) {
  stop(
    "Arguments are --seed, --train and --validation, a number after each; found: ", toString(arguments),
    call. = FALSE
  )
}
options[given] <- arguments[!is_name]
numbers <- suppressWarnings(as.numeric(options))
if (anyNA(numbers)) {
  stop("--", names(options)[is.na(numbers)][1], " must be a number, found: ", options[is.na(numbers)][1], call. = FALSE)
}
seed <- numbers[1]
shares <- numbers[2:3]
if (any(shares < 0) || sum(shares) > 1 + 1e-9) {
  stop(
    "The shares of train and validation must be 0 or more and at most 1 together, found: ", toString(shares),
    call. = FALSE
  )
}

# What filter.R leaves, stated once; whole numbers and text leave as they came.
types <- c(
  age = "integer", job = "character", marital = "character", education = "character", default = "character",
  housing = "character", loan = "character", contact = "character", month = "character", day_of_week = "character",
  campaign = "integer", pdays = "integer", previous = "integer", poutcome = "character", y = "character"
)
rows <- read_channel("filtered", files = shard_files("filtered", "[.]csv$"), col_types = types, na = "")
n <- nrow(rows)

# Which file a row came in depends on how many instances made the files, so the order of arrival must not count. The
# rows are brought into one order of their own, by all their values; rows that are alike in all of them keep their
# number and can change places unnoticed. Then a seeded permutation deals out the places: exact shares, and the same
# rows in each part whatever the step before looked like.
canonical <- rows[
  order(
    age, job, marital, education, default, housing, loan, contact, month, day_of_week, campaign, pdays, previous,
    poutcome, y
  ),
  which = TRUE
]
set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
dealt <- canonical[sample.int(n)]

ends <- c(pmin(n, round(n * cumsum(shares))), n)
counts <- diff(c(0, ends))
parts <- c("train", "validation", "test")

for (i in seq_along(parts)) {
  part <- rows[dealt[seq_len(counts[i]) + ends[i] - counts[i]]]
  write_output(part, parts[i], file = paste0("bank-marketing-", parts[i], ".csv"))
}

job_message(sprintf("%.0f rows: ", n), paste(sprintf("%s %.0f", parts, counts), collapse = ", "))
