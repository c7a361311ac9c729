# Files of the model: where they go, and the forms that another language reads too. Python: runtime/models.py.

#' Path of a file of the model
#'
#' The files that all instances of a training job leave in `/opt/ml/model` become one `model.tar.gz`. Where there are
#' several instances, the host stands before the name, so that no two write the same file.
#'
#' @param name Name of the file, sub-folders allowed.
#' @returns The path; its folder is made.
#' @seealso [save_model()]
#' @export
#' @examplesIf file.exists("/opt/ml/input/config/resourceconfig.json")
#' model_path("part.csv")
model_path <- function(name) path_in_model(name, environment())

path_in_model <- function(name, call) {
  check_output_name(name, call, "name", "the folder of the model")
  here <- shard()
  path <- opt_ml("model", name)
  if (here$size > 1L) path <- file.path(dirname(path), paste0(here$host, "-", basename(path)))
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  path
}

#' Save a file of the model
#'
#' Writes a file to [model_path()], whole or not at all; a file of that name is replaced. The ending says how:
#'
#' - `.csv`, `.tsv`, `.jsonl` (each with `.gz` or not): a data frame, as [write_output()] writes it;
#' - `.json`: a list or a vector, with its names in order. A vector of one is a value, `I()` keeps it a list; a data
#'   frame is a list of rows, a missing value is `null`;
#' - `.rds`: anything of R;
#' - any: an `xgb.Booster`, which saves itself (`xgb.save()`).
#'
#' @param x A data frame, a list, a vector, a booster of xgboost; for `.rds` anything.
#' @inheritParams model_path
#' @returns The path, invisibly. `shardr_error_data` says what has no form in the file.
#' @seealso [log_metric()], [checkpoint()]
#' @export
#' @examplesIf file.exists("/opt/ml/input/config/resourceconfig.json")
#' save_model(lm(dist ~ speed, cars), "braking.rds")
#' save_model(list(rows = nrow(cars)), "about.json")
save_model <- function(x, name) {
  call <- environment()
  path <- path_in_model(name, call)
  ending <- tolower(tools::file_ext(name))
  tabular <- grepl("[.](csv|tsv|jsonl|ndjson)([.]gz)?$", name, ignore.case = TRUE)
  if (tabular && is.data.frame(x)) {
    format <- table_format(path, call)
    check_writable(x, format, call)
    write_whole(path, function(partial) write_table(x, partial, format), call)
  } else if (inherits(x, "xgb.Booster") && ending != "rds") {
    # Not a package of ours: who has such an object has it.
    save <- getExportedValue("xgboost", "xgb.save")
    write_whole(path, function(partial) save(x, partial), call)
  } else if (ending == "json" && (is.list(x) || is.atomic(x))) {
    write_whole(path, function(partial) writeBin(charToRaw(json_of(x, call)), partial), call)
  } else if (ending == "rds") {
    write_whole(path, function(partial) saveRDS(x, partial), call)
  } else {
    container_abort(
      c(
        "{.obj_type_friendly {x}} has no form for {.file {name}}.",
        "i" = "Data frames go into .csv, .tsv and .jsonl, lists into .json, everything into .rds.",
        "i" = "Or write the file yourself to {.code model_path(\"{name}\")}."
      ),
      "data", call
    )
  }
  invisible(path)
}

# A value as JSON that reads back the same: vectors are lists but for those of one, frames are lists of rows.
json_of <- function(x, call = environment()) {
  if (any(rapply(list(x), function(leaf) any(is.infinite(leaf)), "numeric", how = "unlist"))) {
    container_abort("An infinite number has no form in JSON.", "data", call)
  }
  enc2utf8(json_text(as_json_tree(x)))
}

as_json_tree <- function(x) {
  if (is.null(x)) return(NULL)
  if (is.data.frame(x)) {
    x <- lapply(seq_len(nrow(x)), function(i) lapply(as.list(x), `[[`, i))
  } else if (is.matrix(x)) {
    x <- lapply(seq_len(nrow(x)), function(i) I(unname(x[i, ])))
  }
  if (is.list(x)) return(lapply(x, as_json_tree))
  if (is.factor(x) || is.object(x) && !inherits(x, "AsIs")) x <- as.character(x)
  if (length(x) == 1L && is.null(names(x)) && !inherits(x, "AsIs")) return(if (!is.na(x)) x)
  lapply(as.list(unclass(x)), function(value) if (!is.na(value)) value)
}

# Writes a file that takes its place in one move; nothing is left when writing fails. Hidden, so that no reader takes
# it for a result, and with the same ending, by which some writers go.
write_whole <- function(path, write, call) {
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  # In the same folder, because only there a rename is atomic.
  partial <- tempfile(".partial-", tmpdir = dirname(path), fileext = paste0("-", basename(path)))
  on.exit(unlink(partial))
  write(partial)
  if (!file.rename(partial, path)) container_abort("Cannot put {.file {path}} in place.", "data", call)
}
