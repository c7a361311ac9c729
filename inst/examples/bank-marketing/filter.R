# Drops the columns that a model must not see, file by file: one file in, one file out.
#
# Input channel `raw`: CSV files with the 21 columns of the UCI bank marketing set.
# Output `filtered`: for each file <name>.csv a file <name>_processed.csv, in the same sub-folder, with the other 15.

library(data.table)
library(shardr)

# What the set has, stated once: a value that does not fit stops the job. Whole numbers and text leave as they came.
types <- c(
  age = "integer", job = "character", marital = "character", education = "character", default = "character",
  housing = "character", loan = "character", contact = "character", month = "character", day_of_week = "character",
  duration = "integer", campaign = "integer", pdays = "integer", previous = "integer", poutcome = "character",
  emp.var.rate = "double", cons.price.idx = "double", cons.conf.idx = "double", euribor3m = "double",
  nr.employed = "double", y = "character"
)

# The length of the call is known only after it, and the five economic indicators tell the month, not the client.
dropped <- c("duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
kept <- setdiff(names(types), dropped)

folder <- channel("raw")
files <- shard_files("raw", "[.]csv$")

rows <- each_file(files, function(file) {
  part <- read_channel("raw", files = file, col_types = types, columns = kept)
  inside <- substring(file, nchar(folder) + 2L)
  write_output(part, "filtered", file = sub("[.]csv$", "_processed.csv", inside))
  nrow(part)
})

# An instance without files is an ordinary one: it writes nothing and ends well.
job_message(
  shard()$host, ": ", sprintf("%.0f", sum(as.numeric(unlist(rows)))), " rows, ", length(dropped), " columns dropped"
)
