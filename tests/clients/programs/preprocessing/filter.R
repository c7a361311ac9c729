# The filter of the published example: its folders, its columns and its file names, in base R.
dropped <- c("duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")

for (file in Sys.glob("/opt/ml/processing/input/*.csv")) {
  bank <- read.csv(file, check.names = FALSE)
  bank <- bank[setdiff(names(bank), dropped)]
  name <- sub("[.]csv$", "_processed.csv", basename(file))
  write.csv(bank, file.path("/opt/ml/processing/output", name), row.names = FALSE, quote = FALSE)
}
