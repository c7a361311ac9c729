# The same job in both runners, compared.

#' See whether a job does the same in a container
#'
#' Runs a job in the runner `process` and in the runner `docker`, one after the other, and compares how each step ended,
#' what its scripts said in `job_message()`, the bytes of its outputs, its rows, and what each instance could see: what
#' lies below `/opt/ml`, the config files, the names of environment variables. Both runs are kept. Outputs with a
#' destination of their own go to a fresh place instead.
#'
#' @inheritParams job_validate
#' @returns A list of class `shardr_parity`: `same` (`TRUE` or `FALSE`), `differences` (a data frame with the columns
#'   `step`, `instance`, `what`, `process` and `docker`; `instance` is `NA` for what concerns all of them, and a side is
#'   `NA` where something is not there), `notes` (what is worth knowing and no difference), `compared` (how many steps,
#'   instances and files there were) and `runs` (the ids of both). It prints as a list. Errors as in [job_validate()];
#'   `shardr_error_runner_unavailable` and `shardr_error_image` when a runner cannot be had, before anything runs.
#' @export
#' @examples
#' \dontrun{
#' folder <- shardr_example("bank-marketing", tempfile("bank"))
#' job_parity(file.path(folder, "job.yml"))$same
#' }
job_parity <- function(x, ..., set = list()) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  asked <- job_arguments(x, set, NULL, call)[c("spec", "base", "set")]
  cli::cli_progress_step("Running the job in both runners")
  found <- python_call("parity", asked, call)
  differences <- data.frame(
    step = column(found$differences, "step", ""), instance = column(found$differences, "instance", ""),
    what = column(found$differences, "what", ""), process = column(found$differences, "process", ""),
    docker = column(found$differences, "docker", "")
  )
  structure(
    list(
      same = found$same, differences = differences, notes = as.character(unlist(found$notes)),
      compared = vapply(found$compared, as.numeric, 0), runs = c(process = found$process, docker = found$docker)
    ),
    class = "shardr_parity"
  )
}

#' @export
print.shardr_parity <- function(x, ...) {
  found <- x$differences
  side <- function(values) ifelse(is.na(values), "not there", values)
  where <- paste0(found$step, ifelse(is.na(found$instance), "", paste0(", ", found$instance)), ": ", found$what)
  cat(paste0(
    where, "\n  process  ", side(found$process), "\n  docker   ", side(found$docker), "\n", recycle0 = TRUE
  ), sep = "")
  verdict <- if (x$same) "no difference" else count_of(nrow(found), "difference")
  of <- vapply(c("step", "instance", "file"), function(noun) count_of(x$compared[[paste0(noun, "s")]], noun), "")
  cat(verdict, " between process and docker in ", of[1], ", ", of[2], " and ", of[3], " of output\n", sep = "")
  cat(paste0("note: ", x$notes, "\n", recycle0 = TRUE), sep = "")
  cat(paste0("job_describe(\"", x$runs, "\")\n"), sep = "")
  invisible(x)
}
