# An image for the user's own script.

#' Write a Dockerfile for your own script
#'
#' Finds the packages that a script uses, or all scripts of a folder do, and writes a Dockerfile that has them. You need
#' to know nothing of Docker: [image_build()] builds the image from it, and a description of a job then names the image.
#'
#' Packages are those of `renv.lock` when there is one, at its versions; else those that the code names in `library(x)`,
#' `require(x)`, `requireNamespace("x")`, `x::y` and the like. Packages that Debian has come built; others are compiled,
#' and no compiler stays in the image. The system libraries that compiling needs are named. For Python it is
#' `requirements.txt`, or what the code imports.
#'
#' @param source A script (`.R`, `.Rmd`, `.qmd`, `.py`) or a folder of scripts.
#' @param base Image to begin with: by default `shardr/processing`, for Python alone Debian. For a newer R build
#'   shardr's image on one that has it, `image_build("processing", base = "rocker/r-ver:4.4.1", tag = "r4.4")`, and name
#'   `"shardr/processing:r4.4"`.
#' @param name Name of the image. Default: that of the script or folder.
#' @param output Folder to write to. Default: where the scripts are.
#' @param force `TRUE` writes over a Dockerfile that is there.
#' @returns A list of class `shardr_image_draft` with `name`, `base`, `dockerfile`, `ignore` (its
#'   `.dockerignore`), `scripts`, the packages that come
#'   from Debian (`debian`), are `compiled` or are Python's (`python`), `libraries` by package, `command`, which builds
#'   the image in R, `docker`, which does the same in a shell, and `notes`. It prints as what to do next. Error:
#'   `shardr_error_image` with all that is in the way: a script that R could not parse, with its line, a Dockerfile that
#'   exists, a broken lock file.
#' @seealso [image_build()], [image_push()]
#' @export
#' @examples
#' \dontrun{
#' image_init("analysis/fit.R")
#' image_build("analysis/")
#' }
image_init <- function(source = ".", base = NULL, name = NULL, output = NULL, force = FALSE) {
  call <- environment()
  given <- list(
    source = as_text(source), base = as_text(base), name = as_text(name), output = as_text(output),
    force = as_flag(force)
  )
  given <- checked(given, "image", "This says not what image to make.", call)
  made <- python_call("image_init", in_working_directory(given), call)
  texts <- c("scripts", "debian", "compiled", "python", "notes")
  made[texts] <- lapply(made[texts], function(x) vapply(x, identity, ""))
  arguments <- c(deparse1(made$folder), if (!is.null(output)) paste("file =", deparse1(made$dockerfile)))
  made$command <- paste0("image_build(", toString(arguments), ")")
  made$notes <- in_r_words(made$notes)
  made$libraries <- lapply(made$libraries, function(x) vapply(x, identity, ""))
  structure(made, class = "shardr_image_draft")
}

# Python's working directory is where R was when Python began.
in_working_directory <- function(given) {
  paths <- intersect(c("source", "output", "file"), names(given))
  given[paths] <- lapply(given[paths], function(path) if (is.null(path)) NULL else absolute(path))
  given
}

#' @export
print.shardr_image_draft <- function(x, ...) {
  line <- function(label, texts) if (length(texts)) paste0(formatC(label, width = -13), paste(texts, collapse = ", "))
  needs <- vapply(names(x$libraries), function(package) {
    line("to compile", paste0(package, " needs ", paste(x$libraries[[package]], collapse = ", ")))
  }, "", USE.NAMES = FALSE)
  cat(
    c(
      x$dockerfile, x$ignore,
      line("from Debian", x$debian), line("compiled", x$compiled), line("from pip", x$python), needs,
      vapply(x$notes, function(note) line("note", note), "", USE.NAMES = FALSE),
      line("build it", x$command), paste0("add to the step: image = \"", x$name, "\"")
    ),
    sep = "\n"
  )
  invisible(x)
}
