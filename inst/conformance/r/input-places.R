# Each input is at its own LocalPath, wherever that is below /opt/ml/processing.
stopifnot(
  identical(list.files("/opt/ml/processing/first"), "a.csv"),
  identical(list.files("/opt/ml/processing/some/deep/place"), "b.csv")
)
