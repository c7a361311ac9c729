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
bank <- read_channel("filtered", files = shard_files("filtered", "[.]csv$"), col_types = types)

# By the values of the rows, not by their order: which file a row came in depends on how many instances made the files.
rows <- split_rows(bank, c(train = shares[1], validation = shares[2], test = max(0, 1 - sum(shares))), seed)

for (part in names(rows)) {
  write_output(bank[rows[[part]]], part, file = paste0("bank-marketing-", part, ".csv"))
}

job_message(sprintf("%.0f rows: ", nrow(bank)), paste(sprintf("%s %.0f", names(rows), lengths(rows)), collapse = ", "))
