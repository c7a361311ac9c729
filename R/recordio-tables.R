# recordIO-protobuf from and to tables of other formats, by the Python half, as R alone reads no Parquet.

#' Turn recordIO-protobuf into a table
#'
#' Writes the rows of files as one CSV, TSV, JSON lines or Parquet file, block by block. [write_recordio()] goes the
#' other way. Both need the Python half for that, which scripts inside instances do without: there, [read_recordio()] gives a
#' data frame.
#'
#' @param file Path of a file, or of several, whose rows follow each other.
#' @param to Path of the file to write: `.csv`, `.tsv`, `.jsonl` or `.parquet`.
#' @returns `to`, invisibly. `shardr_error_data` names file, record and byte of what is wrong.
#' @seealso [write_recordio()]
#' @export
#' @examples
#' \dontrun{
#' decode_recordio("rows.pbr", "rows.parquet")
#' write_recordio("rows.parquet", "again.pbr", label = "label")
#' }
decode_recordio <- function(file, to) {
  asked <- list(files = as.list(vapply(file, absolute, "", USE.NAMES = FALSE)), to = absolute(to))
  invisible(python_call("recordio_decode", asked, environment()))
}

encoded_by_python <- function(table, file, given, call) {
  asked <- c(list(table = absolute(table), to = absolute(file)), given[lengths(given) > 0L])
  as.character(unlist(python_call("recordio_encode", asked, call)))
}
