# Folders in the keys of an input are folders below its LocalPath.
found <- list.files("/opt/ml/processing/input/in", recursive = TRUE)
print(found)
stopifnot(setequal(found, c("a/b/c.csv", "a/d.csv", "e e.csv")))
