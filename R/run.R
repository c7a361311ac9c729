# A run as R sees it: what was asked for and how it stands.

# From the plain lists of the Python half.
new_run <- function(found) {
  steps <- lapply(found$steps, function(step) {
    for (count in intersect(c("instances", "rows_in", "rows_out"), names(step))) {
      if (!is.null(step[[count]])) step[[count]] <- as.numeric(step[[count]])
    }
    step$metrics <- vapply(step$metrics, as.numeric, 0) # JSON has texts for what is infinite or no number
    step$outputs <- lapply(step$outputs, function(output) {
      output$files <- as.character(unlist(output$files))
      if (!is.null(output$rows)) output$rows <- as.numeric(output$rows)
      output
    })
    step
  })
  names(steps) <- vapply(steps, function(step) step$name, "")
  structure(
    list(
      id = found$run, name = found$name, status = found$status, created = iso_time(found$created), seen = Sys.time(),
      runner = found$runner, runner_reason = found$runner_reason, steps = steps
    ),
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
  now <- looked_again(x)
  stale <- !now$status %in% over && identical(now$seen, x$seen)
  cat(format(now), if (stale) paste0(" as of ", time_text(x$seen)), "\n", sep = "")
  steps <- as.data.frame(now)
  columns <- list(
    step = steps$step, status = steps$status, instances = each_text(steps$instances, counted),
    "rows in" = each_text(steps$rows_in, counted), "rows out" = each_text(steps$rows_out, counted),
    seconds = each_text(steps$seconds, seconds_text)
  )
  cat(table_lines(columns, run_numbers), sep = "\n")
  for (step in now$steps) {
    for (name in names(step$outputs)) {
      cat(step$name, ".", name, ": ", output_place(step$outputs[[name]]), "\n", sep = "")
    }
    if (is.null(step$failure)) { # else it is part of that
      cat(paste0(indented(paste("message of", step$name), step$message), "\n", recycle0 = TRUE), sep = "")
    }
    cat(paste0(step$name, ": ", step_streams(step), "\n", recycle0 = TRUE), sep = "")
    if (length(step$metrics)) {
      cat(step$name, ": ", paste(names(step$metrics), metric_text(step$metrics), collapse = ", "), "\n", sep = "")
    }
    for (notice in step$notices) cat("note: ", step$name, ": ", notice, "\n", sep = "")
    if (!is.null(step$failure)) cat(step$name, ": ", step$failure, "\n", sep = "")
  }
  invisible(x)
}

run_numbers <- c("instances", "rows in", "rows out", "seconds")

# The run as it stands now, if it was not over when it was last seen and a Python is there to ask; else as it is.
looked_again <- function(run) {
  if (run$status %in% over || is.null(the$door)) return(run)
  tryCatch(refreshed(run$id, NULL), shardr_error = function(e) run)
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

# One field of each record as points in time.
time_column <- function(records, field) {
  do.call(c, c(list(as.POSIXct(character())), lapply(records, function(record) iso_time(record[[field]]))))
}

# Whether a listing has not all columns that its table shows: some columns of it are a data frame like others, and are
# printed as one.
printed_plainly <- function(x, shown, ...) {
  plain <- !all(shown %in% names(x))
  if (plain) print(as.data.frame(x), ...)
  plain
}

each_text <- function(values, fun) vapply(values, fun, "", USE.NAMES = FALSE)

# The folder of an output where its files lie in one, else its URI; a job can end well and still not have made anything.
output_place <- function(output) {
  if (length(output$files) == 0L) return("no file: no instance wrote one")
  folders <- unique(dirname(output$files))
  place <- if (length(folders) == 1L) folders else output$uri
  paste0(place, " (", count_of(length(output$files), "file"), if (identical(output$rows, 0)) ", no rows", ")")
}
