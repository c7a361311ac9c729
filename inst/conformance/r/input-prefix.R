# An S3Uri is a prefix of text; what begins with it comes, a folder that it spells out is no part of names.
found <- list.files("/opt/ml/processing/input/in", recursive = TRUE)
print(found)
stopifnot(setequal(found, c("a.csv", "train-b.csv")))
