# Looking at runs from outside: list, describe, logs, stop.

#' All runs of this machine
#'
#' @returns A data frame of class `shardr_jobs` with a row for each step of each run, the newest first: `run`, `step`,
#'   `job`, `status`, `created` (time), `seconds`, `instances`, `rows_in` and `rows_out` (doubles, `NA` where not
#'   known), and `streaming`: how far the data of a step that runs is, in mode Pipe or from S3 (`""` for others). It
#'   prints as a table of what matters, a line for each row; `as.data.frame()` prints it whole.
#' @export
#' @examples
#' \dontrun{
#' jobs()
#' }
jobs <- function() {
  found <- python_call("jobs", empty_map(), environment())
  listed <- data.frame(
    run = column(found, "run", ""), step = column(found, "step", ""), job = column(found, "job", ""),
    status = column(found, "status", ""), created = time_column(found, "created"),
    seconds = column(found, "seconds", 0), instances = column(found, "instances", 0),
    rows_in = column(found, "rows_in", 0), rows_out = column(found, "rows_out", 0),
    streaming = vapply(found, function(job) paste(names(job$streaming), job$streaming, collapse = ", "), "")
  )
  structure(listed, class = c("shardr_jobs", "data.frame"))
}

#' @export
print.shardr_jobs <- function(x, ...) {
  shown <- c("run", "step", "status", "instances", "rows_in", "rows_out", "seconds", "created")
  if (printed_plainly(x, shown, ...)) return(invisible(x))
  columns <- list(
    run = x$run, step = x$step, status = x$status, instances = each_text(x$instances, counted),
    "rows in" = each_text(x$rows_in, counted), "rows out" = each_text(x$rows_out, counted),
    seconds = each_text(x$seconds, seconds_text),
    started = vapply(seq_len(nrow(x)), function(i) time_text(x$created[i]), "")
  )
  if (any(nzchar(x$streaming))) columns$streaming <- x$streaming
  cat(if (nrow(x)) table_lines(columns, run_numbers) else "no job has run here yet", sep = "\n")
  invisible(x)
}

#' Stop a run or one of its jobs
#'
#' The scripts get the signal TERM, and after the grace time KILL; no further step starts.
#'
#' @inheritParams job_describe
#' @returns The run or the job as [job_run()] and [job_describe()] give it, invisibly.
#' @export
#' @examples
#' \dontrun{
#' run <- job_submit("job.yml")
#' job_stop(run)
#' }
job_stop <- function(id) {
  found <- python_call("stop", list(id = run_id(id, environment())), environment())
  invisible(if (is.null(found$run)) new_job(found) else new_run(found))
}

#' What the scripts printed
#'
#' @param run A run, its id, or the name of one of its jobs.
#' @param step,instance Name of a step, or of an instance (as `"algo-2"`), to see only its lines.
#' @param follow `TRUE` prints the lines as they come, until the run is over.
#' @returns A data frame of class `shardr_logs` with the columns `job`, `step`, `instance` and `text`, which prints as
#'   lines; invisibly when they were followed.
#' @export
#' @examples
#' \dontrun{
#' job_logs(run, step = "filter", instance = "algo-2")
#' }
job_logs <- function(run, step = NULL, instance = NULL, follow = FALSE) {
  call <- environment()
  named <- list(step = as_text(step), instance = as_text(instance))
  asked <- c(list(id = run_id(run, call)), checked(named, "not_found", "No log is named by this.", call))
  parts <- list()
  repeat {
    answer <- python_call("logs", asked, call)
    part <- log_frame(answer$lines)
    parts <- c(parts, list(part))
    if (follow && nrow(part)) print(part)
    moved <- !identical(asked$cursor, answer$cursor)
    asked$cursor <- if (length(answer$cursor)) answer$cursor else empty_map()
    # What is there is read to its end, however many looks that takes.
    if (!moved && (answer$done || !follow)) break
    if (!moved) Sys.sleep(poll_seconds[["last"]])
  }
  lines <- structure(do.call(rbind, parts), class = c("shardr_logs", "data.frame"))
  if (follow) invisible(lines) else lines
}

log_frame <- function(lines) {
  structure(
    data.frame(
      job = column(lines, "job", ""), step = column(lines, "step", ""), instance = column(lines, "instance", ""),
      text = column(lines, "text", "")
    ),
    class = c("shardr_logs", "data.frame")
  )
}

#' @export
format.shardr_logs <- function(x, ...) paste0(x$step, "/", x$instance, " | ", x$text, recycle0 = TRUE)

#' @export
print.shardr_logs <- function(x, ...) {
  cat(if (nrow(x)) format(x) else "nothing was printed", sep = "\n")
  invisible(x)
}
