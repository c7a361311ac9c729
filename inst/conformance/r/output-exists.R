# The folder of an output exists before the program starts, wherever it is.
folder <- "/opt/ml/processing/some/deep/place"
stopifnot(dir.exists(folder))
cat("written", file = file.path(folder, "a.txt"))
