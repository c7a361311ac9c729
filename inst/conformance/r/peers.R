# Instances find each other by name, as soon as both run, and talk over TCP.
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
writeLines(host, peer)
found <- readLines(peer, 1)
stopifnot(setequal(c(host, found), c("algo-1", "algo-2")), !is.null(nsl(found)))
# Neither ends before the other has looked.
writeLines("done", peer)
stopifnot(identical(readLines(peer, 1), "done"))
