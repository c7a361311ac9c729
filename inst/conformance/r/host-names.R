# An instance's host name is current_host, and the names of all instances resolve.
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
host <- sub(".*\"current_host\": *\"([^\"]+)\".*", "\\1", config)
stopifnot(identical(Sys.info()[["nodename"]], host))
for (name in c("algo-1", "algo-2")) {
  for (attempt in 1:40) {
    found <- suppressWarnings(nsl(name))
    if (!is.null(found)) break
    Sys.sleep(0.25)
  }
  stopifnot(!is.null(found))
}
