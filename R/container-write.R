# Tables out of an instance: whole files, exact values, names that two instances cannot share.

#' Write a table as a file of an output
#'
#' The file appears under its name when it is complete, not before. All instances of a job write into one place in the
#' end, so the default name carries the host: `part-algo-1.csv`. Give `file` when the name must say more, and make it
#' differ between instances (the base name of an input file does).
#'
#' In CSV and TSV a missing value becomes an empty field without quotes; the empty text and the text `NA` are quoted, so
#' that [read_channel()] and [collect()] tell all three apart. CSV and TSV hold as many digits as it takes to read back
#' the same double, JSON lines 15. Text is UTF-8 with LF line ends and a header, also when there are no rows.
#'
#' @param x A data frame. List columns go into JSON lines only.
#' @param name Name of an output of the job.
#' @param file File name, sub-folders allowed; its ending sets the format: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, each
#'   with `.gz` if it is to be compressed, or `.pbr`, recordIO-protobuf of float32, in which the column `label` is the
#'   label and the columns `uid` and `metadata` are texts of the records.
#' @param overwrite Whether a file of that name may be replaced. Otherwise it is an error, because rows that the script
#'   wrote before would be lost.
#' @returns The path of the file, invisibly.
#' @seealso [read_channel()]
#' @export
#' @examplesIf file.exists("/opt/ml/config/processingjobconfig.json")
#' write_output(mtcars, "filtered")
#' write_output(mtcars, "filtered", file = "cars.jsonl.gz")
write_output <- function(x, name, file = NULL, overwrite = FALSE) {
  call <- environment()
  if (!is.data.frame(x)) {
    container_abort("{.arg x} must be a data frame, not {.obj_type_friendly {x}}.", "data", call)
  }
  folder <- named_folder(name, job_folders(call)$outputs, "output", call)
  if (is.null(file)) file <- paste0("part-", shard()$host, ".csv")
  check_output_name(file, call)
  format <- table_format(file, call)
  check_writable(x, format, call)
  path <- file.path(folder, file)
  if (file.exists(path) && !overwrite) {
    container_abort(
      c(
        "Output {.val {name}} has {.file {file}} already.",
        "i" = "Give another {.arg file}, bind the tables first, or set {.code overwrite = TRUE}."
      ),
      "data", call
    )
  }
  write_whole(path, function(partial) write_table(x, partial, format), call)
  invisible(path)
}

check_output_name <- function(file, call, arg = "file", folder = "the output's folder") {
  ok <- is.character(file) && length(file) == 1L && !is.na(file) && nzchar(file) &&
    !startsWith(file, "/") && !grepl("(^|/)[.]?$", file) && !".." %in% strsplit(file, "/", fixed = TRUE)[[1]]
  if (!ok) {
    container_abort(
      c(
        "{.arg {arg}} must be one file name inside {folder}.",
        "x" = "Found {.val {file}}."
      ),
      "data", call
    )
  }
}

check_writable <- function(x, format, call) {
  lists <- names(x)[vapply(x, function(column) is.list(column) && !inherits(column, "POSIXlt"), NA)]
  if (format$kind == "recordio") {
    check_numbers(records_of(x)$rows, call)
  } else if (format$kind != "jsonl" && length(lists)) {
    container_abort(
      c(
        "A list column has no form in {format$kind}: {.val {lists}}.",
        "i" = "Drop it, or write JSON lines: {.code file = \"name.jsonl\"}."
      ),
      "data", call
    )
  }
}

# The columns of numbers of a frame, and what else records have, by the names of its columns.
records_of <- function(x) {
  texts <- function(column) if (!is.null(column)) as.character(column)
  class(x) <- "data.frame"
  list(rows = x[setdiff(names(x), c("uid", "metadata"))], uid = texts(x[["uid"]]), metadata = texts(x[["metadata"]]))
}

write_table <- function(x, path, format) {
  if (format$kind == "recordio") {
    found <- records_of(x)
    label <- if ("label" %in% names(x)) "label"
    write_recordio(found$rows, path, label = label, uid = found$uid, metadata = found$metadata)
  } else if (format$kind == "jsonl") {
    write_jsonl(x, path, format$gz)
  } else if (has_data_table()) {
    write_text_fast(x, path, format)
  } else {
    write_text_base(x, path, format)
  }
}

write_jsonl <- function(x, path, gz) {
  con <- if (gz) gzfile(path, "wb") else file(path, "wb")
  on.exit(close(con))
  jsonlite::stream_out(x, con, verbose = FALSE, na = "null", digits = NA, POSIXt = "ISO8601", UTC = TRUE)
}

# fwrite quotes by itself what must be, the empty text too, but takes the text NA for harmless: where there is one, all
# texts get quotes, as fwrite has no choice by column.
write_text_fast <- function(x, path, format) {
  x <- exact_text(x)
  data.table::fwrite(
    x, path,
    sep = format$sep, na = "", quote = if (holds_na_text(x)) TRUE else "auto", qmethod = "double", eol = "\n",
    compress = if (format$gz) "gzip" else "none", showProgress = FALSE
  )
}

holds_na_text <- function(x) {
  for (column in x) {
    if ("NA" %in% (if (is.factor(column)) levels(column) else if (is.character(column)) column)) return(TRUE)
  }
  FALSE
}

write_text_base <- function(x, path, format) {
  x <- exact_text(x)
  times <- vapply(x, inherits, NA, what = "POSIXt")
  x[times] <- lapply(x[times], base::format, format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC")
  con <- if (format$gz) gzfile(path, "wb") else file(path, "wb")
  on.exit(close(con))
  utils::write.table(x, con, sep = format$sep, na = "", qmethod = "double", row.names = FALSE, fileEncoding = "UTF-8")
}

# The table with columns of doubles that 15 digits cannot tell as text: both writers stop at 15.
exact_text <- function(x) {
  class(x) <- "data.frame"
  for (j in which(vapply(x, function(column) is.double(column) && !is.object(column), NA))) {
    if (any(inexact(x[[j]]))) x[[j]] <- exact_numbers(x[[j]])
  }
  x
}
