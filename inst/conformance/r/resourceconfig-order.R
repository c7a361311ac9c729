# The hosts in resourceconfig.json are in lexicographic order, algo-10 before algo-2.
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
cat(config, "\n")
hosts <- sub(".*\"hosts\": *\\[([^]]*)\\].*", "\\1", config)
found <- regmatches(hosts, gregexpr("algo-[0-9]+", hosts))[[1]]
stopifnot(identical(found, c("algo-1", "algo-10", "algo-11", paste0("algo-", 2:9))))
