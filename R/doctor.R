# What this machine has, and examples to try it with.

#' What this machine has and lacks
#'
#' Looks at Python, R, the sandbox that gives each instance its own `/opt/ml`, Docker with shardr's images, the size of
#' the machine, and where jobs are kept. Nothing is changed.
#'
#' @returns A data frame of class `shardr_doctor` with the columns `name`, `ok`, `found` and `fix` (`NA` where all is
#'   well), which prints as a list.
#' @export
#' @examples
#' \dontrun{
#' doctor()
#' }
doctor <- function() {
  found <- python_call("doctor", empty_map(), environment())
  findings <- data.frame(
    name = column(found, "name", ""), ok = column(found, "ok", 0) == 1,
    found = column(found, "found", ""), fix = column(found, "fix", "")
  )
  structure(findings, class = c("shardr_doctor", "data.frame"))
}

#' @export
print.shardr_doctor <- function(x, ...) {
  mark <- ifelse(x$ok, cli::symbol$tick, cli::symbol$cross)
  fix <- ifelse(is.na(x$fix), "", paste0("\n    ", x$fix))
  cat(paste0(mark, " ", x$name, ": ", x$found, fix), sep = "\n")
  invisible(x)
}

#' Copy an example
#'
#' Copies an example with its scripts, its description `job.yml` and its data to a folder where it can be changed. The
#' data is generated: nothing is downloaded.
#'
#' @param name Name of the example.
#' @param to Folder to copy it to, empty or not there yet. Default: a folder of that name in the working directory.
#' @returns The path of the folder, invisibly. Errors: `shardr_error_not_found` names the examples there are,
#'   `shardr_error_spec_invalid` when the folder is not empty.
#' @export
#' @examples
#' \dontrun{
#' folder <- shardr_example("bank-marketing", tempfile("bank"))
#' job_run(file.path(folder, "job.yml"))
#' }
shardr_example <- function(name = "bank-marketing", to = name) {
  call <- environment()
  given <- list(name = as_text(name), to = as_text(to))
  checked(given, "not_found", "There is no such example.", call)
  invisible(python_call("example", list(name = given$name, to = absolute(given$to)), call)$path)
}
