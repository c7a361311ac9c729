# An S3Uri that is one object's key gives one file of the key's last name.
found <- list.files("/opt/ml/processing/input/in", recursive = TRUE)
print(found)
stopifnot(identical(found, "a.csv"))
