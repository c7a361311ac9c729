# Instances reach each other by name over TCP.
port <- as.integer(Sys.getenv("PORT"))
config <- paste(readLines("/opt/ml/config/resourceconfig.json", warn = FALSE), collapse = "")
host <- sub(".*\"current_host\": *\"([^\"]+)\".*", "\\1", config)
if (host == "algo-1") {
  peer <- socketConnection(port = port, server = TRUE, blocking = TRUE, open = "r+", timeout = 30)
} else {
  for (attempt in 1:100) {
    peer <- tryCatch(
      suppressWarnings(socketConnection("algo-1", port, blocking = TRUE, open = "r+", timeout = 30)),
      error = function(e) NULL
    )
    if (!is.null(peer)) break
    Sys.sleep(0.1)
  }
}
writeLines(paste("this is", host), peer)
stopifnot(identical(readLines(peer, 1), if (host == "algo-1") "this is algo-2" else "this is algo-1"))
