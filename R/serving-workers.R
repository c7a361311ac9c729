# The process that has the model: it forks a worker for each core and puts another in the place of one that ends.

serving_setting <- function(names, default) {
  values <- Sys.getenv(names)
  value <- suppressWarnings(as.numeric(values[nzchar(values)]))
  if (anyNA(value) || any(value <= 0)) {
    stop(toString(names), ": expected a number above 0, found ", toString(values), call. = FALSE)
  }
  c(value, default)[[1L]]
}

serving_count <- function() {
  serving_setting(c("SHARDR_WORKERS", "SAGEMAKER_MODEL_SERVER_WORKERS"), cores_here())
}

# A container's own share, where nproc knows it.
cores_here <- function() {
  told <- tryCatch(suppressWarnings(system2("nproc", stdout = TRUE, stderr = FALSE)), error = function(e) NA)
  found <- suppressWarnings(as.integer(told))[1L]
  if (is.na(found)) max(1L, parallel::detectCores(), na.rm = TRUE) else found
}

# Longest time for one answer; as long as a batch transform may wait for one.
serving_seconds <- function() serving_setting("SAGEMAKER_MODEL_SERVER_TIMEOUT", 3600)

# Serves until SIGINT: sockets and nginx.conf are made in the folder, nginx.conf once all workers listen.
serve_workers <- function(folder, code = NULL) {
  the$serving_parent <- parent_pid()
  file <- serving_code(code)
  served <- served_model(file)
  # loaded before the workers part, so that they are in memory once
  invisible(lapply(c("httpuv", "later", "jsonlite"), loadNamespace))
  sockets <- file.path(folder, paste0(seq_len(serving_count()), ".sock"))
  invisible(gc())
  workers <- lapply(sockets, fork_worker, served = served)
  while (!all(file.exists(sockets))) {
    if (any(ended(workers, 0.02))) stop("a worker could not start", call. = FALSE)
  }
  write_nginx(folder, sockets, plumber = inherits(served, "Plumber"))
  message("serving ", file, " with ", count_of(length(sockets), "worker"), " on port ", serving_port())
  watch_workers(workers, sockets, served)
  message(counts_line(all_counts(folder)))
}

fork_worker <- function(socket, served) {
  unlink(socket) # of the one before
  parent <- Sys.getpid()
  parallel::mcparallel(work(served, socket, parent), silent = FALSE)
}

# Which of the workers are gone, or have given up; waits for the first at most so long.
ended <- function(workers, seconds) {
  pids <- vapply(workers, function(worker) as.character(worker$pid), "")
  pids %in% names(suppressWarnings(parallel::mccollect(workers, wait = FALSE, timeout = seconds)))
}

# Until SIGINT, or until whoever started this process is gone.
watch_workers <- function(workers, sockets, served) {
  watch <- function() {
    while (parent_pid() == the$serving_parent) {
      late <- sockets %in% late_sockets(dirname(sockets[[1L]]))
      for (worker in workers[late]) tools::pskill(worker$pid, tools::SIGKILL)
      for (i in which(ended(workers, 0.2))) {
        if (!file.exists(sockets[[i]])) stop("a worker ended before it could answer", call. = FALSE)
        message("worker ", workers[[i]]$pid, " has ended: another takes its place")
        ended(workers[i], 0) # of one that gave up, the end itself
        workers[[i]] <<- fork_worker(sockets[[i]], served)
      }
    }
  }
  tryCatch(watch(), interrupt = function(e) NULL, finally = {
    Sys.sleep(0.15) # they write their counters within this time
    for (worker in workers) tools::pskill(worker$pid, tools::SIGKILL)
    suppressWarnings(parallel::mccollect(workers)) # at its end R would wait a second for those who are not collected
  })
}

# Those whose workers nginx waits for no longer: R's own limit of time does not reach into code in C.
late_sockets <- function(folder) {
  log <- file.path(folder, "late.log")
  seen <- the$late_bytes %||% 0
  if (!file.exists(log) || file.size(log) <= seen) return(character())
  con <- file(log, "rb")
  on.exit(close(con))
  seek(con, seen) # nginx appends, also at this moment: what is cut off is read the next time
  found <- readChar(con, file.size(log) - seen, useBytes = TRUE)
  found <- regmatches(found, gregexpr("[^\n]*\n", found))[[1L]]
  the$late_bytes <- seen + sum(nchar(found, "bytes"))
  sub("^unix:", "", trimws(found))
}

counts_line <- function(counts) {
  requests <- sum(counts[grep("xx$", names(counts))])
  sprintf(
    "answered %.0f requests: %.0f with 2xx, %.0f with 4xx, %.0f with 5xx; %.1f ms on average, %.1f ms at most",
    requests, counts[["2xx"]], counts[["4xx"]], counts[["5xx"]],
    1000 * counts[["seconds"]] / max(requests, 1), 1000 * counts[["longest"]]
  )
}

# nginx ---------------------------------------------------------------------------------------------------------------

# A container is reached from outside, so that its server listens everywhere; elsewhere for this machine alone.
serving_host <- function() {
  Sys.getenv("SHARDR_BIND_HOST", if (nzchar(Sys.getenv("SHARDR_BASE_DIR"))) "127.0.0.1" else "")
}

serving_port <- function() serving_setting("SAGEMAKER_BIND_TO_PORT", 8080)

# The whole of nginx.conf. /ping is nginx's own answer: it never waits behind a prediction.
nginx_conf <- function(folder, sockets, plumber = FALSE) {
  count <- length(sockets)
  host <- serving_host()
  seconds <- serving_seconds()
  parameters <- sprintf(
    "{\"MaxConcurrentTransforms\":%d,\"BatchStrategy\":\"MULTI_RECORD\",\"MaxPayloadInMB\":6}", count
  )
  told <- function(name, status, text, more = "") {
    sprintf("    location @%s { %sdefault_type text/plain; return %d \"%s\\n\"; }", name, more, status, text)
  }
  retry <- "add_header Retry-After 1 always; "
  c(
    if (Sys.info()[["effective_user"]] == "root") "user root root;", # or the sockets are closed to it
    sprintf("daemon off; pid %s/nginx.pid; worker_processes 1; worker_shutdown_timeout 28s;", folder),
    "events { worker_connections 1024; }",
    "http {",
    "  access_log off; error_log stderr crit; # each refused connection otherwise, and workers that end are told",
    sprintf("  %1$s_temp_path %2$s/%1$s;", c("client_body", "proxy", "fastcgi", "uwsgi", "scgi"), folder),
    "  client_max_body_size 100m; client_body_buffer_size 6m; keepalive_requests 1000000;",
    "  log_format late $upstream_addr;",
    sprintf("  proxy_read_timeout %.0fs; proxy_buffers 64 16k; proxy_busy_buffers_size 64k;", seconds + 1),
    "  proxy_set_header Host $host; proxy_set_header X-Request-Start $msec;",
    # a prediction may be asked for again: where a worker dies at it, another one tries
    "  proxy_next_upstream error non_idempotent; proxy_next_upstream_tries 2;",
    "  limit_conn_zone all zone=running:64k; limit_conn_status 503; limit_conn_log_level info;",
    "  upstream workers { least_conn;", sprintf("    server unix:%s max_fails=0;", sockets),
    # one worker alone gets its second try, too
    if (count == 1L) sprintf("    server unix:%s max_fails=0;", sockets),
    "  }",
    "  server {",
    sprintf("    listen %s%.0f backlog=1024;", if (nzchar(host)) paste0(host, ":") else "", serving_port()),
    "    location = /ping { return 200; }",
    sprintf(
      "    location = /invocations { limit_conn running %.0f; proxy_pass http://workers; }",
      count + serving_setting("SHARDR_QUEUE", 64)
    ),
    "    location = /metrics { allow 127.0.0.1; deny all; proxy_pass http://workers; }",
    if (plumber) {
      "    location / { proxy_pass http://workers; }"
    } else {
      c(
        sprintf("    location = /execution-parameters { default_type application/json; return 200 '%s'; }", parameters),
        "    location / { default_type text/plain; return 404 \"there is no $uri\\n\"; }"
      )
    },
    "    error_page 413 @large; error_page 502 =503 @ended; error_page 503 @busy; error_page 504 @late;",
    told("large", 413L, "the request has more than 100 MB"),
    told("ended", 503L, "the worker ended before it had an answer: try again", retry),
    told("busy", 503L, "too many requests wait already: try again", retry),
    told("late", 504L, late_text(), sprintf("access_log %s/late.log late; ", folder)),
    "  }",
    "}"
  )
}

write_nginx <- function(folder, sockets, plumber) {
  hidden <- file.path(folder, "nginx.new")
  writeLines(nginx_conf(folder, sockets, plumber), hidden)
  invisible(file.rename(hidden, file.path(folder, "nginx.conf")))
}
