# How descriptions print: a pipeline in a few lines, a part in one.

#' @export
format.shardr_pipeline <- function(x, ...) {
  c(
    paste0("<pipeline ", x$name, ">"),
    if (length(x$steps) == 0L) "no steps yet: add one with processing_step(), training_step() or transform_step()",
    unlist(Map(step_lines, x$steps, seq_along(x$steps))),
    vapply(seq_along(x$parameters), function(i) {
      paste0("parameter ", names(x$parameters)[i], ": ", format(x$parameters[[i]]))
    }, "")
  )
}

#' @export
format.shardr_step <- function(x, ...) step_lines(x)

#' @export
format.shardr_input <- function(x, ...) {
  how <- c(x$distribution, x$input_mode, x$content_type)
  paste0(
    x$name, ": ", if (is.list(x$source)) format(x$source) else x$source,
    if (length(how)) paste0(" (", paste(how, collapse = ", "), ")"),
    if (!is.null(x$path)) paste0(" at ", x$path)
  )
}

#' @export
format.shardr_output <- function(x, ...) {
  paste0(
    x$name,
    if (!is.null(x$path)) paste0(" at ", x$path),
    if (!is.null(x$destination)) paste0(" to ", x$destination),
    if (!is.null(x$on_collision)) paste0(" (on_collision ", x$on_collision, ")")
  )
}

#' @export
format.shardr_step_output <- function(x, ...) paste0("output ", x$output, " of step ", x$step)

#' @export
format.shardr_manifest <- function(x, ...) paste0("manifest ", x$manifest)

#' @export
format.shardr_expect <- function(x, ...) {
  about <- c(
    if (length(x$inputs)) paste("inputs", paste(unlist(x$inputs), collapse = ", ")),
    if (length(x$outputs)) paste("outputs", paste(unlist(x$outputs), collapse = ", "))
  )
  paste0("rows ", x$rows, if (length(about)) paste0(" (", paste(about, collapse = "; "), ")"))
}

#' @export
format.shardr_parameter <- function(x, ...) {
  default <- if (is.null(x$default)) "no default" else paste("default", shown(x$default))
  paste0(x$type, ", ", default, if (!is.null(x$description)) paste0(": ", x$description))
}

#' @export
print.shardr_part <- function(x, ...) {
  lines <- format(x)
  if (!inherits(x, "shardr_pipeline")) {
    lines[1] <- paste0("<", gsub("_", " ", sub("^shardr_", "", class(x)[1])), "> ", lines[1])
  }
  cat(lines, sep = "\n")
  invisible(x)
}

#' @export
format.shardr_known_model <- function(x, ...) paste0("model ", x$model_name)

step_lines <- function(x, number = NULL) {
  if (identical(x$type, "transform")) return(transform_lines(x, number))
  runs <- paste(c(unlist(x$command), x$code %||% paste("image", x$image), unlist(x$arguments)), collapse = " ")
  count <- x$instance_count %||% 1
  trains <- identical(x$type, "training")
  about <- c(
    runs, paste0(
      if (trains) "training ", "on ", count, if (isTRUE(x$spot)) " spot",
      if (identical(count, 1)) " instance" else " instances"
    ),
    if (!is.null(x$expect)) paste0("expects ", format(x$expect))
  )
  outputs <- if (trains) model_words(x) else vapply(x$outputs %||% list(), format, "")
  told <- unlist(x$hyperparameters)
  after <- unlist(x$depends_on)
  c(
    paste0(if (!is.null(number)) paste0(number, " "), x$name, ": ", paste(about, collapse = ", ")),
    vapply(x$inputs %||% list(), function(input) paste0("    in   ", format(input)), ""),
    if (length(told)) paste0("    with ", paste0(names(told), "=", told, collapse = ", ")),
    if (length(outputs)) paste0("    out  ", paste(outputs, collapse = ", ")),
    if (length(after)) paste0("    after ", paste(after, collapse = ", "))
  )
}

# What a transform step asks about what.
transform_lines <- function(x, number) {
  count <- x$instance_count %||% 1
  model <- if (!is.list(x$model)) {
    paste0("model ", x$model, " by image ", x$image)
  } else if (is.null(x$model$step)) {
    paste("model", x$model$model_name)
  } else {
    paste("the model of step", x$model$step)
  }
  records <- x$split_type %||% "None"
  c(
    paste0(
      if (!is.null(number)) paste0(number, " "), x$name, ": asks ", model, ", on ", count,
      if (identical(count, 1)) " instance" else " instances"
    ),
    paste0(
      "    in   ", if (is.list(x$input)) format(x$input) else x$input,
      if (records != "None") paste0(" (by ", records, ")")
    ),
    paste0("    out  transformed", if (!is.null(x$destination)) paste0(" to ", x$destination)),
    if (length(x$depends_on)) paste0("    after ", paste(unlist(x$depends_on), collapse = ", "))
  )
}

# A training step's outputs as its own fields tell where they go.
model_words <- function(x) {
  format.shardr_output(list(name = "model", destination = x$destination, on_collision = x$on_collision))
}
