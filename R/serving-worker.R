# One worker: a fork that has the model, answers on a socket of its own and counts what it has done.

# The application for httpuv: the router of a plumber file as it is, or what answers by the user's functions.
serving_app <- function(served) {
  if (inherits(served, "Plumber")) served else list(call = function(req) answered(served, req))
}

answered <- function(served, req) {
  if (req$PATH_INFO != "/invocations") return(text_answer(404L, paste("there is no", req$PATH_INFO)))
  if (req$REQUEST_METHOD != "POST") return(text_answer(405L, "send requests by POST"))
  body <- req$rook.input$read()
  content_type <- req$CONTENT_TYPE %||% ""
  if (!nzchar(content_type)) content_type <- "text/csv"
  setTimeLimit(elapsed = serving_seconds())
  on.exit(setTimeLimit())
  tryCatch(
    prediction_answer(served, body, content_type, req$HTTP_ACCEPT %||% ""),
    shardr_refusal = function(e) text_answer(e$status, conditionMessage(e)),
    error = function(e) {
      if (grepl("reached elapsed time limit", conditionMessage(e), fixed = TRUE)) {
        return(text_answer(504L, late_text()))
      }
      message("a request failed: ", conditionMessage(e))
      text_answer(500L, paste0("the model's code failed: ", conditionMessage(e)))
    }
  )
}

prediction_answer <- function(served, body, content_type, accept) {
  type <- if (is.null(served$output)) answer_type(accept, content_type) else accept
  data <- if (is.null(served$input)) {
    request_data(body, content_type, served$columns)
  } else {
    tryCatch(
      served$input(if (is_text(content_type)) request_text(body) else body, content_type),
      shardr_refusal = stop,
      error = function(e) refuse(400L, conditionMessage(e))
    )
  }
  prediction <- served$predict(served$model, data)
  if (!is.null(served$output)) return(own_answer(served$output(prediction, type), type, content_type))
  rows <- answer_rows(prediction)
  if (is.null(served$input) && rows != nrow(data)) {
    stop("predict_fn() gave ", count_of(rows, "prediction"), " for ", count_of(nrow(data), "row"), call. = FALSE)
  }
  list(status = 200L, headers = list("Content-Type" = type), body = enc2utf8(answer_text(prediction, type)))
}

late_text <- function() paste("there was no answer within", serving_seconds(), "seconds")

is_text <- function(content_type) grepl("^text/|json|csv|xml", media_type(content_type))

# What output_fn() gave: a text or bytes, and a content type with them or not.
own_answer <- function(given, accept, content_type) {
  body <- if (is.list(given)) given[[1L]] else given
  type <- if (is.list(given)) given[[2L]] else if (nzchar(accept) && accept != "*/*") accept else content_type
  if (!is.raw(body)) body <- enc2utf8(paste(body, collapse = "\n"))
  list(status = 200L, headers = list("Content-Type" = type), body = body)
}

text_answer <- function(status, text) {
  list(
    status = status, headers = list("Content-Type" = "text/plain; charset=utf-8"),
    body = enc2utf8(paste0(sub("\n+$", "", text), "\n"))
  )
}

# Answers until the process that forked this one is gone, or until it has grown too large; then another takes its place.
work <- function(served, socket, parent) {
  app <- serving_app(served)
  begun <- resident_mb()
  limit <- growth_limit_mb()
  counts <- read_counts(socket)
  looked <- written <- Sys.time()
  answer <- app$call
  counting <- list(call = function(req) {
    if (req$PATH_INFO == "/metrics") return(text_answer(200L, metrics_text(dirname(socket))))
    came <- as.numeric(req$HTTP_X_REQUEST_START %||% Sys.time())
    given <- answer(req)
    status <- if (is.list(given)) as.integer(given$status %||% 200L) else 200L
    counts <<- counted_once(counts, status, as.numeric(Sys.time()) - came)
    given
  })
  server <- httpuv::startPipeServer(socket, NULL, counting)
  saved <- counts
  repeat {
    later::run_now(if (identical(counts, saved)) 0.5 else 0.05) # counters are to be written soon
    now <- Sys.time()
    if (!identical(counts, saved) && now - written > 0.05) {
      write_counts(counts, socket)
      saved <- counts
      written <- now
    }
    if (now - looked > 0.5) {
      looked <- now
      if (parent_pid() != parent) return()
      if (resident_mb() - begun > limit) {
        message("worker ", Sys.getpid(), " has grown by more than ", limit, " MB: another takes its place")
        write_counts(counts, socket)
        httpuv::stopServer(server)
        return()
      }
    }
  }
}

# This machine's memory -----------------------------------------------------------------------------------------------

# 0 where the system does not tell.
resident_mb <- function() {
  if (!file.exists("/proc/self/statm")) return(0)
  scan("/proc/self/statm", nlines = 1L, quiet = TRUE)[[2L]] * 4096 / 2^20
}

parent_pid <- function() {
  if (!file.exists("/proc/self/stat")) return(the$serving_parent)
  as.integer(strsplit(sub(".*[)] ", "", readLines("/proc/self/stat", 1L)), " ")[[1L]][[2L]])
}

# How many MB a worker may grow by: without a setting, all of them together by half of what there is.
growth_limit_mb <- function() {
  given <- suppressWarnings(as.numeric(Sys.getenv("SHARDR_WORKER_MEMORY_MB")))
  if (!is.na(given)) return(given)
  limits <- c("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
  limits <- vapply(limits[file.exists(limits)], function(file) readLines(file, 1L, warn = FALSE), "")
  bytes <- suppressWarnings(as.numeric(limits))
  if (file.exists("/proc/meminfo")) {
    bytes <- c(bytes, as.numeric(gsub("[^0-9]", "", readLines("/proc/meminfo", 1L))) * 1024)
  }
  round(min(bytes, Inf, na.rm = TRUE) / 2 / serving_count() / 2^20)
}

# Counters ------------------------------------------------------------------------------------------------------------

no_counts <- c("2xx" = 0, "3xx" = 0, "4xx" = 0, "5xx" = 0, seconds = 0, longest = 0)

counted_once <- function(counts, status, seconds) {
  class <- paste0(status %/% 100L, "xx")
  counts[[class]] <- counts[[class]] + 1
  counts[["seconds"]] <- counts[["seconds"]] + seconds
  counts[["longest"]] <- max(counts[["longest"]], seconds)
  counts
}

counts_file <- function(socket) sub("sock$", "counts", socket)

write_counts <- function(counts, socket) {
  hidden <- paste0(counts_file(socket), ".new")
  writeLines(format(counts, digits = 15L), hidden)
  file.rename(hidden, counts_file(socket))
}

# A worker goes on where the one before it in its place has ended.
read_counts <- function(socket) {
  file <- counts_file(socket)
  if (file.exists(file)) no_counts[] <- scan(file, quiet = TRUE)
  no_counts
}

all_counts <- function(folder) {
  each <- lapply(list.files(folder, "[.]counts$", full.names = TRUE), read_counts)
  total <- Reduce(`+`, each, no_counts)
  total[["longest"]] <- max(0, vapply(each, `[[`, 0, "longest"))
  total
}

metrics_text <- function(folder) {
  counts <- all_counts(folder)
  statuses <- grep("xx$", names(counts), value = TRUE)
  lines_text(c(
    sprintf("shardr_requests_total{status=\"%s\"} %.0f", statuses, counts[statuses]),
    sprintf("shardr_request_seconds_sum %.6f", counts[["seconds"]]),
    sprintf("shardr_request_seconds_max %.6f", counts[["longest"]]),
    sprintf("shardr_workers %.0f", serving_count())
  ))
}
