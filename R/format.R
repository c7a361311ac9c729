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
    x$name, ": ", source_words(x$source),
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
  trains <- identical(x$type, "training")
  about <- c(
    runs, paste0(if (trains) "training ", instance_words(x)),
    if (!is.null(x$expect)) paste0("expects ", format(x$expect))
  )
  outputs <- if (trains) model_words(x) else vapply(x$outputs %||% list(), format, "")
  told <- unlist(x$hyperparameters)
  c(
    paste0(step_head(x, number), paste(about, collapse = ", ")),
    vapply(x$inputs %||% list(), function(input) paste0("    in   ", format(input)), ""),
    if (length(told)) paste0("    with ", paste0(names(told), "=", told, collapse = ", ")),
    if (length(outputs)) paste0("    out  ", paste(outputs, collapse = ", ")),
    after_line(x)
  )
}

# What a transform step asks about what.
transform_lines <- function(x, number) {
  model <- if (!is.list(x$model)) {
    paste0("model ", x$model, " by image ", x$image)
  } else if (is.null(x$model$step)) {
    format(x$model)
  } else {
    paste("the model of step", x$model$step)
  }
  records <- x$split_type %||% "None"
  c(
    paste0(step_head(x, number), "asks ", model, ", ", instance_words(x)),
    paste0("    in   ", source_words(x$input), if (records != "None") paste0(" (by ", records, ")")),
    paste0("    out  transformed", if (!is.null(x$destination)) paste0(" to ", x$destination)),
    after_line(x)
  )
}

step_head <- function(x, number) paste0(if (!is.null(number)) paste0(number, " "), x$name, ": ")

instance_words <- function(x) {
  count <- x$instance_count %||% 1
  paste0("on ", count, if (isTRUE(x$spot)) " spot", if (identical(count, 1)) " instance" else " instances")
}

after_line <- function(x) {
  after <- unlist(x$depends_on)
  if (length(after)) paste0("    after ", paste(after, collapse = ", "))
}

# What an input names: another step's output, a manifest, or a place.
source_words <- function(source) if (is.list(source)) format(source) else source

# A training step's outputs as its own fields tell where they go.
model_words <- function(x) {
  format.shardr_output(list(name = "model", destination = x$destination, on_collision = x$on_collision))
}
