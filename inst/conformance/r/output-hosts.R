# The outputs of all instances are in one place.
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
host <- sub(".*\"current_host\": *\"([^\"]+)\".*", "\\1", config)
cat(host, file = file.path("/opt/ml/processing/output/out", paste0(host, ".txt")))
