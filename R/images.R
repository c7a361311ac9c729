# Images on this machine: what is there, and building it.

#' The images that instances run in
#'
#' @param tag Tag of the images. Default: `latest` of shardr's, and all of your own.
#' @returns A data frame of class `shardr_images` with a row for each of shardr's images, and for each that
#'   [image_build()] made of a folder: `name`, `uri`, `state`
#'   (`"built"`, `"outdated"` when it was made of other files than this version has, or `"missing"`), `size` in bytes
#'   (double), `created` (time), `r_version`, `architecture`, `base`, and the list column `r_packages` of named
#'   character vectors, the versions of the R packages inside. Error: `shardr_error_runner_unavailable` when no Docker
#'   daemon answers.
#' @seealso [image_build()]
#' @export
#' @examples
#' \dontrun{
#' images()
#' }
images <- function(tag = NULL) {
  call <- environment()
  given <- checked(list(tag = as_text(tag)), "image", "This names no images.", call)
  image_frame(python_call("images", given, call))
}

#' Build the images that instances run in
#'
#' Builds shardr's own images, or your own from a folder with a Dockerfile, such as [image_init()] writes. What has not
#' changed is not built again: after a change of an R script it takes seconds. Nothing but a Docker daemon, or podman's,
#' is needed.
#'
#' @param image Names of shardr's images, `"processing"`, `"serving"`, `"dbscan"`, `"python"`, `"kmeans"`, `"pca"` and
#'   `"xgboost"`, or folders with a Dockerfile. A folder has a slash (`"analysis/"`), is `"."`, or is there. Its
#'   `.dockerignore` says what does not reach the build.
#' @param base Image that shardr's are built on: a Debian, or an image that has R in it; by default Debian 12. It is
#'   pulled when it is not there. What a folder's image is built on, its Dockerfile says.
#' @param tag Tag of what is made; by default `latest`.
#' @param name Name of a folder's image. Default: as [image_init()] wrote it into the Dockerfile, else like the folder.
#' @param file Dockerfile of a folder when it is elsewhere.
#' @param no_cache `TRUE` builds all steps again.
#' @param network Network of the build, for example `"host"`; `NULL` for Docker's own.
#' @returns The images as [images()] gives them, invisibly; `uri` is what a description of a job takes. Errors:
#'   `shardr_error_image` with the last lines of what the build printed, `shardr_error_runner_unavailable` when no
#'   Docker daemon answers.
#' @seealso [images()], [image_init()]
#' @export
#' @examples
#' \dontrun{
#' image_build("processing")
#' image_init("analysis/fit.R")
#' image_build("analysis/")
#' }
image_build <- function(
  image = c("processing", "serving", "dbscan", "python", "kmeans", "pca", "xgboost"), base = NULL, tag = NULL,
  name = NULL, file = NULL, no_cache = FALSE, network = NULL
) {
  call <- environment()
  how <- list(
    base = as_text(base), tag = as_text(tag), name = as_text(name), file = as_text(file), no_cache = as_flag(no_cache),
    network = as_text(network)
  )
  how <- in_working_directory(checked(how, "image", "This says not how to build an image.", call))
  images <- checked(list(image = as_texts(image)), "image", "This names no image.", call)$image
  made <- lapply(images, function(one) {
    cli::cli_progress_step("building {one}", msg_done = "built {one}", msg_failed = "{one} cannot be built")
    found <- python_call("image_build", c(list(image = folder_or_name(one)), how), call)
    for (note in found$notes) cli::cli_inform("{in_r_words(note)}")
    found
  })
  invisible(image_frame(made))
}

# A folder by its whole path, as Python's working directory is another; a name as it is.
folder_or_name <- function(image) {
  known <- image %in% eval(formals(image_build)$image)
  if (grepl("/", image, fixed = TRUE) || image %in% c(".", "..", "~") || (!known && dir.exists(image))) {
    return(absolute(image))
  }
  image
}

image_frame <- function(found) {
  listed <- data.frame(
    name = column(found, "name", ""), uri = column(found, "uri", ""), state = column(found, "state", ""),
    size = column(found, "size", 0), created = time_column(found, "created"),
    r_version = column(found, "r_version", ""), architecture = column(found, "architecture", ""),
    base = column(found, "base", "")
  )
  listed$r_packages <- lapply(found, function(image) unlist(image$r_packages) %||% character())
  structure(listed, class = c("shardr_images", "data.frame"))
}

#' @export
print.shardr_images <- function(x, ...) {
  shown <- c("uri", "state", "size", "created", "r_version", "architecture")
  if (printed_plainly(x, shown, ...)) return(invisible(x))
  columns <- list(
    image = x$uri, state = x$state,
    size = each_text(x$size, function(bytes) if (is.na(bytes)) "-" else size_text(bytes)),
    created = vapply(seq_len(nrow(x)), function(i) time_text(x$created[i]), ""),
    R = ifelse(is.na(x$r_version), "-", x$r_version), architecture = ifelse(is.na(x$architecture), "-", x$architecture)
  )
  # One architecture is that of this machine.
  if (length(unique(stats::na.omit(x$architecture))) < 2L) columns$architecture <- NULL
  cat(if (nrow(x)) table_lines(columns, "size") else "no image", sep = "\n")
  invisible(x)
}
