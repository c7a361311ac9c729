# The messages of several instances are joined.
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
host <- sub(".*\"current_host\": *\"([^\"]+)\".*", "\\1", config)
cat(host, ";", sep = "", file = "/opt/ml/output/message")
