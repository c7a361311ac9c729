# A manifest's S3Uri gives the objects that it names, and no other.
found <- list.files("/opt/ml/processing/input/in", recursive = TRUE)
print(found)
stopifnot(setequal(found, c("a.csv", "deep/b.csv")))
