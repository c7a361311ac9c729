# What goes into a step and what comes out.

#' Inputs and outputs of a step
#'
#' `job_input()` is a channel in: where its data comes from and how it is spread over the instances. `job_output()` is
#' one out: everything that the script leaves in a folder. `step_output()` and `manifest()` are sources that are no
#' path.
#'
#' @param name Name of the input or output: letters, digits, `.`, `_` and `-`. The script finds it by this name, with
#'   [channel()], [read_channel()] and [write_output()].
#' @param source A path or a glob relative to the working directory (for a job file: to its folder), an `s3://` prefix,
#'   a `step_output()` or a `manifest()`, or the list that is one in a job file, as `list(manifest = "list.json")`.
#'   Where inputs and outputs are given to a step, objects `ProcessingInput` and `ProcessingOutput` of the SageMaker
#'   SDK, which reticulate brings, are taken as well.
#' @param distribution `"FullyReplicated"` (default): every instance gets all objects. `"ShardedByS3Key"`: the objects,
#'   in the order of their keys, are dealt out to the instances. `"balanced"`: shards of even size in bytes, each a
#'   single-instance job of its own.
#' @param path Folder in the instance, below `/opt/ml/processing/`. Default: `input/<name>` or `output/<name>` there.
#'   For processing steps only: the channels of a training step are below `/opt/ml/input/data/`.
#' @param input_mode `"File"` (default): the data is there before the job starts, as files in a folder. `"Pipe"`: it is
#'   streamed, by a FIFO for each epoch: `<path>_0`, then `<path>_1` and so on. For training steps also `"FastFile"`:
#'   files that are read when they are opened.
#' @param compression_type With `input_mode = "Pipe"`: `"Gzip"` expands objects on their way.
#' @param record_wrapper_type For training steps, with `"Pipe"`: `"RecordIO"` makes each object one record.
#' @param shuffle_seed For training steps: objects come in an order that this number decides, anew for each epoch.
#' @param attribute_names For training steps, with `"Pipe"`: the source is an augmented manifest, a file with a JSON
#'   object on each line, and these attributes of it are streamed; of those whose name ends with `-ref`, what they name.
#' @param content_type For training steps only: what the data is, as `"text/csv"`; algorithms of the service ask for it.
#' @param destination Folder or `s3://` prefix to leave the output in. Default: a fresh place for each run.
#' @param on_collision What to do when two instances write a file of the same name: `"error"` (default), `"prefix_host"`
#'   (put the instance's name before the file's) or `"last_wins"`.
#' @param step,output Name of an earlier step, and of one of its outputs.
#' @returns An object of class `shardr_input`, `shardr_output`, `shardr_step_output` or `shardr_manifest`. An error of
#'   class `shardr_error_spec_invalid` lists all that is wrong with the arguments.
#' @export
#' @examples
#' job_input("raw", "dataset/", distribution = "ShardedByS3Key")
#' job_input("filtered", step_output("filter", "filtered"))
#' job_input("train", "dataset/", content_type = "text/csv")
#' job_output("scores", on_collision = "prefix_host")
job_input <- function(name, source, distribution = NULL, path = NULL, input_mode = NULL, content_type = NULL,
                      compression_type = NULL, record_wrapper_type = NULL, shuffle_seed = NULL,
                      attribute_names = NULL) {
  fields <- list(
    name = as_text(if (missing(name)) NULL else name), source = as_source(if (missing(source)) NULL else source),
    distribution = as_text(distribution), path = as_text(path), input_mode = as_text(input_mode),
    content_type = as_text(content_type), compression_type = as_text(compression_type),
    record_wrapper_type = as_text(record_wrapper_type), shuffle_seed = as_whole(shuffle_seed),
    attribute_names = as_texts(attribute_names)
  )
  of_training <- c("content_type", "record_wrapper_type", "shuffle_seed", "attribute_names")
  training <- !all(vapply(fields[of_training], is.null, NA)) || is_mode_of_training(fields)
  new_part(fields, if (training) "TrainingInput" else "Input", "shardr_input", environment())
}

# Whether an input has a mode that only training steps may know: whoever misspells one is told all that there are, but
# of an input that can be a processing step's alone those of such steps.
is_mode_of_training <- function(fields) {
  mode <- fields$input_mode
  if (!is.character(mode) || grepl("${", mode, fixed = TRUE)) return(FALSE)
  only_processing <- !is.null(fields$path) || identical(fields$distribution, "balanced")
  known <- unlist(part_schema("Input")$properties$input_mode$enum)
  mode == "FastFile" || !(mode %in% known || only_processing)
}

#' @rdname job_input
#' @export
job_output <- function(name, path = NULL, destination = NULL, on_collision = NULL) {
  fields <- list(
    name = as_text(if (missing(name)) NULL else name), path = as_text(path),
    destination = as_text(destination), on_collision = as_text(on_collision)
  )
  new_part(fields, "Output", "shardr_output", environment())
}

#' @rdname job_input
#' @export
step_output <- function(step, output) {
  fields <- list(
    step = as_text(if (missing(step)) NULL else step), output = as_text(if (missing(output)) NULL else output)
  )
  new_part(fields, "StepOutput", "shardr_step_output", environment())
}

#' @rdname job_input
#' @param manifest Path or `s3://` URI of a JSON manifest file: the list of objects to take.
#' @export
manifest <- function(manifest) {
  fields <- list(manifest = as_text(if (missing(manifest)) NULL else manifest))
  new_part(fields, "Manifest", "shardr_manifest", environment())
}

as_source <- function(x) {
  if (inherits(x, c("shardr_step_output", "shardr_manifest"))) return(x)
  if (inherits(x, "shardr_step")) {
    return(problem("found a step, expected one of its outputs", "write step_output(\"step\", \"output\")"))
  }
  if (is_fields(x)) return(part_of_fields(x, list(step_output = step_output, manifest = manifest)))
  if (is.character(x) && length(x) > 1L) {
    return(problem(paste("found", length(x), "paths, expected one"), "name their folder, a glob, or a manifest()"))
  }
  as_text(x)
}

# A list that has the fields of a part, as a job file writes it.
is_fields <- function(x) is.list(x) && !is.object(x) && has_names(x)

# The part whose fields a list has, made by the builder of these that takes them.
part_of_fields <- function(x, builders) {
  fits <- vapply(builders, function(builder) all(names(x) %in% names(formals(builder))), NA)
  if (!any(fits)) {
    found <- paste0("found a list of ", paste0("\"", names(x), "\"", collapse = ", "))
    return(problem(found, paste0("make it with ", paste0(names(builders), "()", collapse = " or "))))
  }
  tryCatch(do.call(builders[fits][[1]], x), shardr_error_spec_invalid = inner_problem)
}

as_inputs <- function(x) {
  if (is.null(x)) return(NULL)
  if (inherits(x, "shardr_input") || is_python(x)) x <- list(x)
  if (inherits(x, "shardr_part") || !(is.list(x) || is.character(x))) {
    return(problem(paste0("found ", shown(x), ", expected inputs"), "make them with job_input()"))
  }
  names <- names(x) %||% rep("", length(x))
  inputs <- lapply(seq_along(x), function(i) {
    if (inherits(x[[i]], "shardr_input")) return(x[[i]])
    if (is_python(x[[i]])) return(tryCatch(input_of_python(x[[i]], i), shardr_error_spec_invalid = inner_problem))
    if (nzchar(names[i])) return(tryCatch(job_input(names[i], x[[i]]), shardr_error = inner_problem))
    problem(paste0("found ", shown(x[[i]]), " without a name"), "write job_input(\"name\", source)")
  })
  first_problem_or(inputs)
}

as_outputs <- function(x) {
  if (is.null(x)) return(NULL)
  if (inherits(x, "shardr_output") || is_python(x)) x <- list(x)
  if (is.factor(x)) x <- as.character(x)
  if (inherits(x, "shardr_part") || !(is.list(x) || is.character(x))) {
    return(problem(paste0("found ", shown(x), ", expected names of outputs"), "write \"name\" or job_output()"))
  }
  if (!is.null(names(x))) {
    return(problem("found names, which would be lost", "write job_output(\"name\", path = \"...\")"))
  }
  outputs <- lapply(seq_along(x), function(i) {
    if (inherits(x[[i]], "shardr_output")) return(x[[i]])
    tryCatch(
      if (is_python(x[[i]])) output_of_python(x[[i]], i) else job_output(x[[i]]),
      shardr_error_spec_invalid = inner_problem
    )
  })
  first_problem_or(outputs)
}

# Inputs and outputs of the SageMaker SDK, that reticulate has brought here.
input_of_python <- function(x, place) do.call(job_input, python_fields("inputs", x, place))

output_of_python <- function(x, place) do.call(job_output, python_fields("outputs", x, place))

inner_problem <- function(e) {
  problem(e$problems$message[1], if (!is.na(e$problems$fix[1])) e$problems$fix[1], path = e$problems$path[1])
}

first_problem_or <- function(parts) {
  wrong <- which(vapply(parts, is_problem, TRUE))
  if (length(wrong)) problem_at(parts[[wrong[1]]], paste0("[[", wrong[1], "]]")) else unname(parts)
}
