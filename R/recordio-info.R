# What is in files of recordIO-protobuf. Python: data/recordio_files.py.

#' What is in recordIO-protobuf
#'
#' All records are looked at. `NaN` is no error, and counted.
#'
#' @param file Path of a file, or of several.
#' @returns A data frame with a row for each file: `path`, its size in `bytes`, `records`, `columns`, the `dtype` of the
#'   numbers, whether rows are `sparse`, the share of the features that is written down, `filled`, the names of the
#'   `labels`, in how many records `uids` and `metadata` are, how many features are `missing`, which are `NaN`, and
#'   `first_missing`, the first record that has one. `shardr_error_data` names file, record and byte of what is wrong,
#'   also of records with other columns or labels than those of the files before.
#' @seealso [read_recordio()]
#' @export
#' @examples
#' file <- tempfile(fileext = ".pbr")
#' write_recordio(data.frame(a = c(1, NaN)), file)
#' recordio_info(file)
recordio_info <- function(file) {
  call <- environment()
  asked <- list(width = NULL, dtype = NULL, labels = NULL)
  rows <- lapply(file, function(path) {
    found <- file_info(path, asked, call)
    asked <<- found$asked
    found$row
  })
  do.call(rbind, rows)
}

file_info <- function(path, asked, call) {
  following <- file_blocks(path, asked, call)
  on.exit(following$close())
  sums <- c(records = 0, cells = 0, uids = 0, metadata = 0, missing = 0)
  dtypes <- character()
  sparse <- FALSE
  first <- NA_real_
  while (!is.null(block <- following$block())) {
    is_sparse <- inherits(block$features, "shardr_sparse")
    numbers <- if (is_sparse) block$features$value else block$features
    none <- if (is.null(numbers)) integer() else which(is.nan(numbers))
    if (is.na(first) && length(none)) {
      row <- if (is_sparse) block$features$row[none] else (none - 1) %% block$rows + 1
      first <- block$first + min(row) - 1
    }
    sums <- sums + c(
      block$rows, length(numbers), sum(!is.na(block$uid)), sum(!is.na(block$metadata)), length(none)
    )
    dtypes <- union(dtypes, block$dtype)
    sparse <- sparse || is_sparse
    asked <- asked_after(asked, block)
  }
  width <- if (sums[["records"]] > 0 && length(dtypes)) asked$width else NA
  row <- data.frame(
    path = path, bytes = file.size(path), records = sums[["records"]], columns = as.numeric(width),
    dtype = if (length(dtypes)) paste(dtypes, collapse = " and ") else NA_character_, sparse = sparse,
    filled = sums[["cells"]] / (sums[["records"]] * as.numeric(width)),
    labels = if (sums[["records"]] > 0) paste(names(asked$labels), collapse = ", ") else "", uids = sums[["uids"]],
    metadata = sums[["metadata"]], missing = sums[["missing"]], first_missing = first
  )
  list(row = row, asked = asked)
}
