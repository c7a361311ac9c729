# One failed instance fails the job and is named; the others run to their end.
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
host <- sub(".*\"current_host\": *\"([^\"]+)\".*", "\\1", config)
cat("written", file = file.path("/opt/ml/processing/output/out", host))
if (host == "algo-2") quit(status = 3)
Sys.sleep(1)
cat(host, "to its end", sep = " ", file = "/opt/ml/output/message")
