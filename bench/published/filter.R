# The filter of the published parallel-processing example, re-enacted: what it does, in our words, with its packages.
# Arguments: input folder, output folder.
suppressPackageStartupMessages({
  library(readr)
  library(dplyr)
})
folders <- commandArgs(trailingOnly = TRUE)

for (file in Sys.glob(file.path(folders[1], "*.csv"))) {
  bank <- read_csv(file)
  bank <- select(bank, -c(duration, emp.var.rate, cons.price.idx, cons.conf.idx, euribor3m, nr.employed))
  name <- sub("[.]csv$", "", basename(file))
  write_csv(bank, file.path(folders[2], paste0(name, "_processed.csv")))
}
