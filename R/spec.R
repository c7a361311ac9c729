# A description as text: the same bytes from R and from Python.

#' A job's description as text
#'
#' `spec_json()` gives the canonical JSON: compact, the keys in code point order, lists always lists, and no value that
#' equals its default. The Python half writes the same bytes for the same job. `spec_write()` and `spec_read()` put a
#' description into a file and get it back.
#'
#' References to parameters stay as they are written; they are filled in when the job is planned or run.
#'
#' @param pipeline A [pipeline()].
#' @param path A file. Its ending says the format: `.json`, or `.yml` and `.yaml`. YAML is read by the Python half.
#' @param overwrite Whether a file of that name may be replaced. Otherwise it is an error: it may have been written by
#'   hand, with comments and an order that would be lost.
#' @returns `spec_json()` one text. `spec_write()` the path, invisibly. `spec_read()` a [pipeline()], whose relative
#'   paths start from the folder of the file. Errors: `shardr_error_spec_invalid` lists all problems.
#' @export
#' @examples
#' bank <- pipeline("bank") |> processing_step("filter", code = "filter.R", outputs = "filtered")
#' spec_json(bank)
#'
#' file <- tempfile(fileext = ".yml")
#' spec_write(bank, file)
#' cat(readLines(file), sep = "\n")
spec_json <- function(pipeline) json_text(spec_tree(check_pipeline(pipeline, environment())))

#' @rdname spec_json
#' @export
spec_write <- function(pipeline, path, overwrite = FALSE) {
  call <- environment()
  tree <- spec_tree(check_pipeline(pipeline, call))
  # A person reads the name first and the steps last.
  tree <- tree[intersect(names(part_schema()$properties), names(tree))]
  text <- if (file_format(path, call) == "json") spec_json(pipeline) else paste(yaml_lines(tree), collapse = "\n")
  if (file.exists(path) && !isTRUE(overwrite)) {
    shardr_abort(
      "spec_invalid", paste0(path, " is there already."), fix = "Give another path, or set overwrite = TRUE.",
      call = call
    )
  }
  con <- file(path, "wb")
  on.exit(close(con))
  writeLines(text, con, useBytes = TRUE)
  invisible(path)
}

#' @rdname spec_json
#' @export
spec_read <- function(path) {
  call <- environment()
  yaml <- file_format(path, call) == "yaml"
  tree <- if (yaml) python_call("read", list(path = absolute(path)), call) else read_json_spec(path, call)
  if (!is.list(tree) || is.null(names(tree))) {
    shardr_abort("spec_invalid", paste0(path, ": expected a map with name and steps."), call = call)
  }
  tree <- boxed(tree, part_schema())
  problems <- schema_problems(tree, part_schema())
  if (length(problems)) {
    count <- paste0(length(problems), " problem", if (length(problems) > 1L) "s")
    shardr_abort("spec_invalid", paste0(path, " has ", count, "."), problems, call = call)
  }
  structure(as_pipeline(tree), base = dirname(absolute(path)))
}

read_json_spec <- function(path, call) {
  if (!file.exists(path)) {
    beside <- list.files(dirname(path), "[.](json|ya?ml)$")
    shardr_abort("spec_invalid", paste0(path, ": no such file", did_you_mean(basename(path), beside)), call = call)
  }
  tryCatch(
    jsonlite::fromJSON(path, simplifyVector = FALSE),
    error = function(e) {
      shardr_abort("spec_invalid", paste0(path, " is not JSON."), why = conditionMessage(e), call = call)
    }
  )
}

file_format <- function(path, call) {
  if (!is.character(path) || length(path) != 1L || is.na(path)) {
    shardr_abort("spec_invalid", paste0("`path` is ", shown(path), ", expected one path."), call = call)
  }
  format <- c(json = "json", yml = "yaml", yaml = "yaml")[tolower(tools::file_ext(path))]
  if (is.na(format)) {
    shardr_abort(
      "spec_invalid", paste0(path, " is neither JSON nor YAML by its name."),
      fix = "End it in .json, .yml or .yaml.", call = call
    )
  }
  format[[1]]
}

# The description as plain data in canonical form.
spec_tree <- function(pipeline) without_defaults(boxed(plain(pipeline), part_schema()), part_schema())

check_pipeline <- function(x, call) {
  if (inherits(x, "shardr_pipeline")) return(x)
  shardr_abort(
    "spec_invalid", paste0("Found ", shown(x), ", expected a pipeline."),
    fix = "Make one with pipeline(), or read one with spec_read().", call = call
  )
}

# Plain data as the objects that the builders make, so that both print alike.
as_pipeline <- function(tree) {
  part <- function(x, class) structure(x, class = c(class, "shardr_part"))
  source <- function(x) {
    if (is.list(x)) part(x, if (is.null(x$manifest)) "shardr_step_output" else "shardr_manifest") else x
  }
  tree$steps <- lapply(tree$steps, function(step) {
    if (identical(step$type, "transform")) {
      step[["input"]] <- source(step[["input"]])
      if (is.list(step$model)) {
        step$model <- part(step$model, if (is.null(step$model$step)) "shardr_known_model" else "shardr_step_output")
      }
      return(part(step, "shardr_step"))
    }
    step$inputs <- lapply(step$inputs, function(input) {
      input$source <- source(input$source)
      part(input, "shardr_input")
    })
    if (!is.null(step$outputs)) step$outputs <- lapply(step$outputs, part, "shardr_output")
    if (!is.null(step$expect)) step$expect <- part(step$expect, "shardr_expect")
    part(step, "shardr_step")
  })
  if (length(tree$parameters)) tree$parameters <- lapply(tree$parameters, part, "shardr_parameter")
  part(tree, "shardr_pipeline")
}

# Block style for maps and lists of maps, JSON for what is inside: every JSON value is YAML.
yaml_lines <- function(x, indent = "") {
  lines <- character()
  for (name in names(x)) {
    value <- x[[name]]
    key <- paste0(indent, if (name %in% yaml_plain()) name else json_string(name), ":")
    nested <- is.list(value) && length(value) > 0L
    if (nested && is.null(names(value)) && is.list(value[[1]])) {
      items <- lapply(value, yaml_lines, indent = paste0(indent, "    "))
      items <- lapply(items, function(item) c(sub("^( *)  ([^ ])", "\\1- \\2", item[1]), item[-1]))
      lines <- c(lines, key, unlist(items))
    } else if (nested && !is.null(names(value)) && is.list(value[[1]])) {
      lines <- c(lines, key, yaml_lines(value, paste0(indent, "  ")))
    } else {
      lines <- c(lines, paste(key, json_text(value)))
    }
  }
  lines
}

# Keys that need no quotes: the fields of the schema. A parameter's own name may be one of YAML's many words for true.
yaml_plain <- function() {
  parts <- c(list(part_schema()), part_schema()[["$defs"]])
  unlist(lapply(parts, function(part) names(part$properties)))
}

absolute <- function(path) {
  path <- path.expand(enc2utf8(path))
  if (grepl("^(/|[A-Za-z]:|\\\\)", path)) path else file.path(getwd(), path)
}
