# A run as R sees it: what was asked for and how it stands.

# From the plain lists of the Python half.
new_run <- function(found) {
  steps <- lapply(found$steps, function(step) {
    for (count in intersect(c("instances", "rows_in", "rows_out"), names(step))) {
      if (!is.null(step[[count]])) step[[count]] <- as.numeric(step[[count]])
    }
    step$outputs <- lapply(step$outputs, function(output) {
      output$files <- as.character(unlist(output$files))
      if (!is.null(output$rows)) output$rows <- as.numeric(output$rows)
      output
    })
    step
  })
  names(steps) <- vapply(steps, function(step) step$name, "")
  structure(
    list(id = found$run, name = found$name, status = found$status, created = iso_time(found$created), steps = steps),
    class = "shardr_run"
  )
}

refreshed <- function(id, call) new_run(python_call("status", list(run = id), call))

run_id <- function(x, call) {
  if (inherits(x, "shardr_run")) return(x$id)
  if (is.character(x) && length(x) == 1L && !is.na(x)) return(enc2utf8(x))
  shardr_abort("not_found", paste0("Found ", shown(x), ", expected a run or its id."), fix = "jobs() lists them.",
               call = call)
}

iso_time <- function(text) {
  if (is.null(text)) return(as.POSIXct(NA))
  text <- sub("Z$", "+0000", sub("([+-][0-9]{2}):([0-9]{2})$", "\\1\\2", text))
  zoned <- grepl("[+-][0-9]{4}$", text)
  time <- as.POSIXct(text, format = paste0("%Y-%m-%dT%H:%M:%OS", if (zoned) "%z"), tz = if (zoned) "UTC" else "")
  attr(time, "tzone") <- NULL
  time
}

#' @export
format.shardr_run <- function(x, ...) paste0("<run ", x$id, ": ", x$status, ">")

#' @export
print.shardr_run <- function(x, ...) {
  table <- data.frame(
    step = names(x$steps), status = column(x$steps, "status", ""), instances = column(x$steps, "instances", 0),
    "rows in" = each_text(x$steps, "rows_in", counted), "rows out" = each_text(x$steps, "rows_out", counted),
    seconds = each_text(x$steps, "seconds", function(s) if (is.null(s)) "" else format(round(s, 2), nsmall = 2)),
    check.names = FALSE
  )
  cat(format(x), "\n", sep = "")
  print(table, row.names = FALSE, right = TRUE)
  for (step in x$steps) {
    for (name in names(step$outputs)) {
      cat(step$name, ".", name, ": ", output_place(step$outputs[[name]]), "\n", sep = "")
    }
    if (!is.null(step$failure)) cat(step$name, ": ", step$failure, "\n", sep = "")
  }
  invisible(x)
}

#' @export
as.data.frame.shardr_run <- function(x, row.names = NULL, optional = FALSE, ...) { # nolint: object_name_linter.
  data.frame(
    step = as.character(names(x$steps)), job = column(x$steps, "job", ""), status = column(x$steps, "status", ""),
    instances = column(x$steps, "instances", 0), rows_in = column(x$steps, "rows_in", 0),
    rows_out = column(x$steps, "rows_out", 0), seconds = column(x$steps, "seconds", 0),
    failure = column(x$steps, "failure", ""), row.names = row.names
  )
}

#' @export
summary.shardr_run <- function(object, ...) as.data.frame(object)

# One field of each record as a vector of the kind of `kind`; NA where it is not there. Counts are doubles: they may
# pass 2^31.
column <- function(records, field, kind) {
  missing <- if (is.character(kind)) NA_character_ else NA_real_
  values <- vapply(records, function(record) {
    value <- record[[field]]
    if (is.null(value)) missing else if (is.character(kind)) as.character(value) else as.numeric(value)
  }, kind)
  unname(values)
}

each_text <- function(records, field, fun) vapply(records, function(record) fun(record[[field]]), "", USE.NAMES = FALSE)

# The folder of an output where its files lie in one, else its URI.
output_place <- function(output) {
  folders <- unique(dirname(output$files))
  place <- if (length(folders) == 1L) folders else output$uri
  paste0(place, " (", count_of(length(output$files), "file"), ")")
}

#' @export
as.data.frame.shardr_plan <- function(x, row.names = NULL, optional = FALSE, ...) { # nolint: object_name_linter.
  rows <- list()
  for (step in x$steps) {
    for (shard in step$shards) {
      hosts <- if (length(shard$instances)) shard$instances else list(list())
      rows <- c(rows, lapply(hosts, function(host) {
        c(list(step = step$name, input = shard$input, distribution = shard$distribution), host)
      }))
    }
  }
  data.frame(
    step = column(rows, "step", ""), input = column(rows, "input", ""),
    distribution = column(rows, "distribution", ""), host = column(rows, "host", ""),
    objects = column(rows, "objects", 0), bytes = column(rows, "bytes", 0), row.names = row.names
  )
}

#' @export
format.shardr_plan <- function(x, ...) {
  c(paste0("<plan of ", x$name, ", runner ", x$runner, ">"), unlist(lapply(x$steps, plan_lines), use.names = FALSE))
}

#' @export
print.shardr_plan <- function(x, ...) {
  cat(format(x), sep = "\n")
  cat("Nothing has run.\n")
  invisible(x)
}

plan_lines <- function(step) {
  runs <- paste(c(unlist(step$entrypoint), unlist(step$arguments)), collapse = " ")
  after <- if (length(step$needs)) paste0(", after ", paste(unlist(step$needs), collapse = ", "))
  jobs <- if (length(step$jobs) > 1L) paste0(", ", count_of(length(step$jobs), "job"))
  shards <- lapply(step$shards, function(shard) {
    hosts <- vapply(shard$instances, function(host) {
      size <- if (!is.null(host$bytes)) paste0(", ", counted(host$bytes), " bytes")
      paste0("      ", host$host, ": ", count_of(host$objects, "object"), size)
    }, "")
    if (length(hosts) > 10L) {
      hosts <- c(hosts[1:10], paste0("      and ", length(hosts) - 10L, " more; see as.data.frame()"))
    }
    c(
      paste0("    ", shard$input, " (", shard$distribution, ")", if (!length(hosts)) ": made by an earlier step"), hosts
    )
  })
  c(paste0(step$name, ": ", runs, " on ", count_of(step$instance_count, "instance"), jobs, after), unlist(shards))
}
