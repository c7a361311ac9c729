# An instance's host name is current_host, and resolves.
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
host <- sub(".*\"current_host\": *\"([^\"]+)\".*", "\\1", config)
print(Sys.info()[["nodename"]])
stopifnot(identical(Sys.info()[["nodename"]], host), !is.null(nsl(host)))
