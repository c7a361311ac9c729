# One result from many shards, and many shards from one file.

#' The merged output of a step
#'
#' Binds what the instances wrote, in the order of the instances and of the files. CSV, JSON lines, Parquet and
#' recordIO-protobuf (`.pbr`) are read.
#' A model.tar.gz or output.tar.gz of a training step stands for the files in it, those of all its instances.
#'
#' @param x A run, or its id.
#' @param ... For methods.
#' @param step,output Name of the step and of its output. What leaves no choice can be left out: the step of a run with
#'   one output, the output of a step with one.
#' @param to A file to write instead: CSV, JSON lines, Parquet or recordIO-protobuf by its ending. CSV shards with equal
#'   headers, and records, are joined byte for byte, whatever their size.
#' @param fill `TRUE` binds shards whose columns differ, with `NA` where a shard has no such column. By default
#'   differing columns are an error that names the shard.
#' @param merge A function of the paths of the files that makes something else of them than a table; `identity` gives
#'   the paths.
#' @returns A data frame with `NA` and the types intact; of .rds files a list of what is in each, by their names; with
#'   `to`, the path of the file, invisibly; with `merge`, what it returns. Errors:
#'   `shardr_error_not_found` for an unknown run, step or output, `shardr_error_job_failed` when the step is not
#'   complete, `shardr_error_columns_differ`, `shardr_error_data`.
#' @export
#' @examples
#' \dontrun{
#' train <- collect(run, "split", "train")
#' filtered <- collect(run, "filter")
#' collect(run, "split", "train", to = "train.csv")
#' sizes <- collect(run, "train", "model", merge = file.size)
#' }
collect <- function(x, ...) UseMethod("collect")

#' @rdname collect
#' @export
#' @rawNamespace S3method(dplyr::collect, shardr_run)
collect.shardr_run <- function(x, step = NULL, output = NULL, to = NULL, fill = FALSE, merge = NULL, ...) {
  collect_output(x, step, output, to, fill, merge, environment())
}

#' @rdname collect
#' @export
collect.character <- function(x, step = NULL, output = NULL, to = NULL, fill = FALSE, merge = NULL, ...) {
  collect_output(x, step, output, to, fill, merge, environment())
}

#' @export
collect.default <- function(x, ...) {
  # Both packages attached: what is no run of ours is a table of dplyr's.
  if (isNamespaceLoaded("dplyr")) {
    # called from the global environment, where dplyr's generic cannot find this very method
    return(do.call(getExportedValue("dplyr", "collect"), list(x, ...), quote = TRUE, envir = globalenv()))
  }
  shardr_abort(
    "not_found", paste0("Found ", shown(x), ", expected a run or its id."), fix = "jobs() lists them.",
    call = rlang::caller_env()
  )
}

collect_output <- function(x, step, output, to, fill, merge, call) {
  given <- list(
    step = as_text(step), output = as_text(output), to = as_text(to), fill = as_flag(fill),
    merge = if (!is.null(merge) && !is.function(merge)) {
      problem(paste0("found ", shown(merge), ", expected a function of the files"))
    } else if (!is.null(merge) && !is.null(to)) {
      problem("was given beside `to`", "write the file in the function")
    }
  )
  checked(given, "not_found", "This does not name an output.", call)
  run <- run_id(x, call)
  if (is.null(step) || is.null(output)) {
    given[c("step", "output")] <- only_output(refreshed(run, call), given$step, given$output, call)
  }
  if (!is.null(merge)) {
    files <- python_call("files", list(run = run, step = given$step, output = given$output), call)
    return(merge(as.character(unlist(files))))
  }
  if (is.null(given$to)) {
    return(python_frame(run, given$step, given$output, given$fill, call))
  }
  asked <- list(run = run, step = given$step, output = given$output, to = absolute(given$to), fill = given$fill)
  invisible(python_call("collect", asked, call)$path)
}

# The one output of the run, of the step or of that name, as list(step, output).
only_output <- function(run, step, output, call) {
  pairs <- do.call(c, lapply(run$steps, function(one) lapply(names(one$outputs), function(name) list(one$name, name))))
  fit <- Filter(function(pair) pair[[1]] == (step %||% pair[[1]]) && pair[[2]] == (output %||% pair[[2]]), pairs)
  if (length(fit) == 1L) return(fit[[1]])
  known <- vapply(pairs, function(pair) paste0("collect(run, ", shown(pair[[1]]), ", ", shown(pair[[2]]), ")"), "")
  wanted <- c(if (!is.null(output)) paste0(" ", shown(output)), if (!is.null(step)) paste0(" of step ", shown(step)))
  what <- if (length(fit)) {
    paste0(length(fit), " outputs", wanted, ": say which.")
  } else {
    paste0("no output", wanted, if (run$status != "Completed") paste0("; it is ", run$status), ".")
  }
  shardr_abort(
    "not_found", paste0("Run ", run$id, " has ", what),
    fix = if (length(pairs)) paste0("It has ", paste(known, collapse = ", "), "."), call = call
  )
}

#' Split one big file into shards
#'
#' Makes files of about even size with whole records in their order. A CSV's header is repeated in each; a quoted line
#' end does not end a record. Memory holds one block, whatever the size of the file.
#'
#' @param path A CSV, TSV, JSON lines, Parquet or recordIO-protobuf file.
#' @param shards Number of shards, from 1.
#' @param to Folder to write them to; made if it is not there. Default: beside the file, by its name: `big-shards` for
#'   `big.csv`.
#' @param overwrite Whether shards that are there already may be replaced.
#' @returns The paths of the shards, in order. An error of class `shardr_error_data` when the file cannot be split.
#' @export
#' @examples
#' \dontrun{
#' split_file("big.csv", shards = 4)
#' }
split_file <- function(path, shards, to = NULL, overwrite = FALSE) {
  call <- environment()
  given <- list(
    path = if (missing(path)) problem("is required") else as_text(path),
    shards = if (missing(shards)) problem("is required", "in how many files?") else as_whole(shards),
    to = as_text(to), overwrite = as_flag(overwrite)
  )
  checked(given, "data", "The file cannot be split.", call)
  given$path <- absolute(given$path)
  given$to <- absolute(given$to %||% paste0(sub("[.][^./]+([.]gz)?$", "", given$path), "-shards"))
  as.character(unlist(python_call("split", given, call)$files))
}
