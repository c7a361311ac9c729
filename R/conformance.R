# Whether an image, or this machine, keeps the container contract.

#' Try an image against the container contract
#'
#' Runs small programs in R and Python, each a job of its own that asserts one clause of what a script may rely on:
#' where its files are, names of hosts, arguments, environment, messages, outputs, signals and limits. An image is tried
#' in the languages that it has. The jobs run in a home of their own, which is gone afterwards.
#'
#' @param image The image to try. Default: the programs of this machine, or with `runner = "docker"` shardr's own image.
#' @param runner `"auto"`, `"process"` or `"docker"`. `"auto"` is docker when an image is given.
#' @param language `"r"` or `"python"`, to try programs in this language only.
#' @param clauses Ids of the clauses to try. Default: all.
#' @returns A data frame of class `shardr_conformance` with a row for each clause and language: `id`, `clause`,
#'   `language`, `ok`, `seconds`, and `problems` and `log` (what was expected and found, and the last lines that were
#'   printed; `NA` where all is well). It prints as a list. Errors: `shardr_error_image`,
#'   `shardr_error_runner_unavailable`, and `shardr_error_not_found` for a clause that there is not.
#' @export
#' @examples
#' \dontrun{
#' tried <- image_conformance("my/image:1.0")
#' all(tried$ok)
#' }
image_conformance <- function(image = NULL, runner = "auto", language = NULL, clauses = NULL) {
  call <- environment()
  given <- list(
    image = as_text(image), runner = as_text(runner), language = as_text(language), clauses = as_texts(clauses)
  )
  asked <- checked(given, "data", "This is nothing that can be tried.", call)
  where <- if (is.null(image)) "" else " {.val {image}}"
  cli::cli_progress_step(paste0("Trying the clauses of the container contract", where))
  found <- python_call("conformance", asked[!vapply(asked, is.null, TRUE)], call)
  results <- data.frame(
    id = column(found, "id", ""), clause = column(found, "clause", ""), language = column(found, "language", ""),
    ok = column(found, "ok", 0) == 1, seconds = column(found, "seconds", 0),
    problems = joined_lines(found, "problems"), log = joined_lines(found, "log")
  )
  structure(results, class = c("shardr_conformance", "data.frame"))
}

joined_lines <- function(found, field) {
  vapply(found, function(one) {
    if (length(one[[field]])) paste(unlist(one[[field]]), collapse = "\n") else NA_character_
  }, "")
}

#' @export
print.shardr_conformance <- function(x, ...) {
  mark <- ifelse(x$ok, cli::symbol$tick, cli::symbol$cross)
  indented <- function(text) ifelse(is.na(text), "", paste0("\n    ", gsub("\n", "\n    ", text, fixed = TRUE)))
  cat(paste0(mark, " ", x$id, " (", x$language, "): ", x$clause, indented(x$problems), indented(x$log)), sep = "\n")
  cat(sum(x$ok), "kept,", sum(!x$ok), "broken\n")
  invisible(x)
}
