# An input of a processing job in mode Pipe is the FIFO <LocalPath>_0, and then _1; objects may be expanded, too.
for (epoch in c("_0", "_1")) {
  found <- readLines(paste0("/opt/ml/processing/some/place", epoch), warn = FALSE)
  print(found)
  stopifnot(identical(found, "123456789"))
}
