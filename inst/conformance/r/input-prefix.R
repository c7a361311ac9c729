# An S3Uri is a prefix of text; what begins with it comes, named from the prefix's last slash on.
found <- list.files("/opt/ml/processing/input/in", recursive = TRUE)
print(found)
stopifnot(setequal(found, c("train/a.csv", "train-b.csv")))
