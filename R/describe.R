# All that is known of a run or a job, for those who look for what went wrong.

#' Everything that is known of a run or a job
#'
#' Prints what each instance did: its state, exit code, seconds, the file of its log, and how much its channels in mode
#' Pipe were sent; then the metrics of a training job, the message of the job, the reason why it failed, and the files
#' that it made.
#'
#' @param id The id of a run, the name of one of its jobs, or a run itself.
#' @returns For a job a list of class `shardr_job` as `DescribeProcessingJob` or `DescribeTrainingJob` answers, with
#'   what each instance did under `Shardr`. For a run a run as [job_run()] gives, with its jobs under `jobs`. An error
#'   of class `shardr_error_not_found` when it is neither.
#' @export
#' @examples
#' \dontrun{
#' job_describe(jobs()$run[1])
#' }
job_describe <- function(id) {
  call <- environment()
  found <- python_call("describe", list(id = run_id(id, call)), call)
  if (is.null(found$run)) return(new_job(found))
  run <- new_run(found)
  names <- as.character(unlist(lapply(found$steps, `[[`, "jobs")))
  run$jobs <- lapply(names, function(name) new_job(python_call("describe", list(id = name), call)))
  names(run$jobs) <- names
  structure(run, class = c("shardr_description", class(run)))
}

new_job <- function(found) structure(found, class = "shardr_job")

#' @export
format.shardr_job <- function(x, ...) {
  kind <- if (is.null(x$TrainingJobName)) "ProcessingJob" else "TrainingJob"
  paste0("<job ", x[[paste0(kind, "Name")]], ": ", x[[paste0(kind, "Status")]], ">")
}

#' @export
print.shardr_job <- function(x, ...) {
  cat(format(x), job_lines(x), sep = "\n")
  invisible(x)
}

#' @export
print.shardr_description <- function(x, ...) {
  cat(format(x), " since ", time_text(x$created), "\n", sep = "")
  for (step in x$steps) {
    cat("\nstep ", step$name, ": ", step$status, "\n", sep = "")
    for (job in Filter(function(job) identical(job$Shardr$step, step$name), x$jobs)) {
      cat(paste0("  ", format(job)), job_lines(job), sep = "\n")
    }
    for (name in names(step$outputs)) {
      output <- step$outputs[[name]]
      cat("  output ", name, ": ", output_place(output), "\n", sep = "")
      cat(paste0("    ", basename(output$files), "\n", recycle0 = TRUE), sep = "")
    }
  }
  invisible(x)
}

job_lines <- function(job) {
  ours <- job$Shardr
  hosts <- vapply(names(ours$hosts), function(name) {
    host <- ours$hosts[[name]]
    paste0(c(
      "  ", name, ": ", host$state, if (!is.null(host$exit_code)) paste0(", exit code ", host$exit_code),
      if (!is.null(host$seconds)) paste0(" after ", seconds_text(host$seconds), " s"), ", log ", host$log,
      streamed_lines(host)
    ), collapse = "")
  }, "", USE.NAMES = FALSE)
  rows <- if (!is.null(ours$rows_in) || !is.null(ours$rows_out)) {
    paste0("  rows: ", counted(ours$rows_in), " in, ", counted(ours$rows_out), " out")
  }
  downloaded <- vapply(names(ours$downloaded), function(channel) {
    come <- ours$downloaded[[channel]]
    paste0("  ", channel, ": ", size_text(come$bytes), " of ", size_text(come$of), " from S3")
  }, "", USE.NAMES = FALSE)
  metrics <- vapply(job$FinalMetricDataList %||% list(), function(metric) {
    paste0("  ", metric$MetricName, ": ", format(metric$Value, digits = 6))
  }, "")
  c(rows, downloaded, hosts, metrics, indented("message", job$ExitMessage), indented("failure", job$FailureReason))
}

# What the channels of an instance were sent that are streamed, a line for each.
streamed_lines <- function(host) {
  vapply(names(host$streamed), function(name) {
    sent <- host$streamed[[name]]
    if (sent$epochs == 0) return(paste0("\n    ", name, ": ", streamed_words(sent)))
    paste0(
      "\n    ", name, ": ", size_text(sent$bytes), " in ", count_of(sent$epochs, "epoch"),
      if (sent$seconds > 0) paste0(", ", size_text(sent$bytes / sent$seconds), "/s"),
      if (host$state == "InProgress") paste0(", ", streamed_words(sent))
    )
  }, "", USE.NAMES = FALSE)
}

# How far a channel is that is streamed; epochs are counted from 0, as their FIFOs are.
streamed_words <- function(sent) {
  if (sent$epochs == 0) return("not opened")
  whole <- sent$epoch_size %||% 0
  share <- if (whole > 0) paste(floor(100 * sent$epoch_bytes / whole), "% of ")
  paste0(share, "epoch ", counted(sent$epochs - 1))
}

# The same of all instances of a step that runs, channel by channel, and how much has come of what is fetched from S3.
step_streams <- function(step) {
  if (step$status != "InProgress") return(character())
  streams <- vapply(names(step$streamed), function(name) {
    sent <- step$streamed[[name]]
    rate <- if (sent$bytes_per_second > 0) paste0(", ", size_text(sent$bytes_per_second), "/s")
    paste0(name, " ", streamed_words(sent), rate)
  }, "", USE.NAMES = FALSE)
  coming <- Filter(function(come) come$bytes < come$of, step$downloaded)
  fetched <- vapply(names(coming), function(name) {
    come <- coming[[name]]
    paste0(name, " ", floor(100 * come$bytes / come$of), " % of ", size_text(come$of), " from S3")
  }, "", USE.NAMES = FALSE)
  c(streams, fetched)
}

# The lines of a text below one another, what they are before the first.
indented <- function(what, text) {
  if (is.null(text)) return(NULL)
  lines <- strsplit(sub("\n+$", "", text), "\n", fixed = TRUE)[[1]]
  head <- paste0("  ", what, ": ")
  paste0(c(head, rep(strrep(" ", nchar(head)), max(0L, length(lines) - 1L))), lines, recycle0 = TRUE)
}
