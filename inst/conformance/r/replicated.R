# A FullyReplicated input is whole on every instance.
found <- list.files("/opt/ml/processing/input/in")
print(found)
stopifnot(setequal(found, c("a.csv", "b.csv", "c.csv")))
