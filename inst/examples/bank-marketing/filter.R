# Drops the columns that a model must not see, file by file: one file in, one file out.
#
# Input channel `raw`: CSV files with the 21 columns of the UCI bank marketing set.
# Output `filtered`: for each file <name>.csv a file <name>_processed.csv, in the same sub-folder, with the other 15.

library(data.table)
library(shardr)

# What the set has, stated once. No value is computed here, so all are text and come out as they went in.
columns <- c(
  "age", "job", "marital", "education", "default", "housing", "loan", "contact", "month", "day_of_week", "duration",
  "campaign", "pdays", "previous", "poutcome", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m",
  "nr.employed", "y"
)
types <- setNames(rep("character", length(columns)), columns)

# The length of the call is known only after it, and the five economic indicators tell the month, not the client.
dropped <- c("duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
kept <- setdiff(columns, dropped)

folder <- channel("raw")
files <- shard_files("raw", "[.]csv$")
rows <- 0

for (file in files) {
  part <- read_channel("raw", files = file, col_types = types, columns = kept, na = "")
  inside <- substring(file, nchar(folder) + 2L)
  write_output(part, "filtered", file = sub("[.]csv$", "_processed.csv", inside))
  rows <- rows + nrow(part)
}

# An instance without files is an ordinary one: it writes nothing and ends well.
job_message(shard()$host, ": ", rows, " rows of ", length(files), " files, ", length(dropped), " columns dropped")
