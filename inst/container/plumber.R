# Serves a model of dbscan.R: a worker for each core on a socket of its own, nginx in front of them.
# Rscript plumber.R FOLDER WORKERS makes the sockets in the folder, and nginx.conf once all of them listen.

programs <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[[1L]]))
reading <- new.env()
sys.source(file.path(programs, "points.R"), reading)
given <- commandArgs(TRUE)
folder <- given[[1L]]
sockets <- file.path(folder, paste0(seq_len(as.integer(given[[2L]])), ".sock"))
kept <- "/opt/ml/model/dbscan.rds"
if (!file.exists(kept)) stop("there is no model: ", kept, " is not there", call. = FALSE)
model <- readRDS(kept)

# The cluster of the nearest point that is in one, and 0 where none is within eps.
predicted <- function(points) {
  labels <- numeric(nrow(points))
  if (nrow(model$points) == 0L) return(labels)
  # a tree of one point is none
  known <- if (nrow(model$points) == 1L) c(1L, 1L) else seq_len(nrow(model$points))
  nearest <- dbscan::kNN(model$points[known, , drop = FALSE], k = 1L, query = points)
  near <- nearest$dist[, 1L] <= model$eps
  labels[near] <- model$labels[known][nearest$id[near, 1L]]
  labels
}

invocations <- function(req, res) {
  text <- rawToChar(req$bodyRaw)
  res$setHeader("Content-Type", "text/csv")
  width <- if (nrow(model$points)) ncol(model$points) else NA_integer_
  res$body <- tryCatch(
    {
      points <- reading$points_of(strsplit(text, "\r?\n")[[1L]], width)
      paste0(paste(predicted(points), collapse = "\n"), "\n")
    },
    error = function(e) {
      res$status <- 400L
      paste0(conditionMessage(e), "\n")
    }
  )
  res
}

plumber::register_parser("as_it_is", function(...) function(value, ...) value, regex = ".*")

work <- function(socket) {
  api <- plumber::pr()
  plumber::pr_post(api, "/invocations", invocations, parsers = "as_it_is")
  plumber::pr_set_docs(api, FALSE)
  httpuv::startPipeServer(socket, NULL, api)
  repeat later::run_now(Inf)
}

# Models and packages are loaded before the workers part, so that they are in memory once.
invisible(lapply(c("dbscan", "plumber", "httpuv", "later"), loadNamespace))
workers <- lapply(sockets, function(socket) parallel::mcparallel(work(socket)))
while (!all(file.exists(sockets))) Sys.sleep(0.02)

# /ping is nginx's own answer: it never waits behind a prediction.
conf <- c(
  "daemon off; pid %1$s/nginx.pid; worker_processes 1; events { worker_connections 1024; }",
  "http {",
  "  access_log off; error_log stderr;",
  sprintf("  %1$s_temp_path %%1$s/%1$s;", c("client_body", "proxy", "fastcgi", "uwsgi", "scgi")),
  "  client_max_body_size 100m; client_body_buffer_size 6m; proxy_read_timeout 3600s;",
  "  upstream workers { least_conn;", paste0("    server unix:", sockets, ";"), "  }",
  "  server {",
  "    listen 8080;",
  "    location = /ping { return 200; }",
  "    location = /invocations { proxy_pass http://workers; }",
  "    location / { return 404; }",
  "  }",
  "}"
)
hidden <- file.path(folder, "nginx.new")
writeLines(gsub("%1$s", folder, conf, fixed = TRUE), hidden)
invisible(file.rename(hidden, file.path(folder, "nginx.conf")))

# a worker never ends by itself
ended <- NULL
while (is.null(ended)) ended <- parallel::mccollect(workers, wait = FALSE, timeout = 3600)
stop("a worker has ended")
