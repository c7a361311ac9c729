# The split of the published parallel-processing example, re-enacted, its loss of repeated rows included.
# Arguments: input folder, output folder.
suppressPackageStartupMessages({
  library(readr)
  library(dplyr)
})
folders <- commandArgs(trailingOnly = TRUE)

bank <- bind_rows(lapply(Sys.glob(file.path(folders[1], "*.csv")), read_csv))
train <- sample_frac(bank, 0.7)
rest <- anti_join(bank, train, by = names(bank))
test <- sample_frac(rest, 0.5)
valid <- anti_join(rest, test, by = names(bank))

write_csv(train, file.path(folders[2], "bank-additional-full-train.csv"))
write_csv(test, file.path(folders[2], "bank-additional-full-test.csv"))
write_csv(valid, file.path(folders[2], "bank-additional-full-valid.csv"))
