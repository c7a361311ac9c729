# The script of a job is at /opt/ml/processing/input/code.
found <- sub("--file=", "", grep("^--file=", commandArgs(), value = TRUE))
print(found)
stopifnot(identical(found, "/opt/ml/processing/input/code/code-place.R"))
