# recordIO-protobuf of a request as rows. Python: runtime/serving/requests.py.

# The features of records; their labels are not the model's to see.
recordio_frame <- function(body, columns) {
  if (length(body) == 0L) refuse(400L, "the request has no records")
  scan <- recordio_scan(body, whole = TRUE)
  tables <- list()
  first <- 1
  asked <- list()
  for (group in scan$groups) {
    block <- tryCatch(record_block(group, asked), shardr_record_fault = function(fault) {
      refuse(400L, "record ", plain_number(first + fault$record - 1), ": ", fault$message)
    })
    if (is.null(block$features)) refuse(400L, "record ", plain_number(first), ": ", no_values)
    tables[[length(tables) + 1L]] <- as.matrix(block$features)
    asked <- asked_after(asked, block)
    first <- first + block$rows
  }
  if (!is.null(scan$fault)) refuse(400L, "record ", plain_number(first), ": ", scan$fault$message)
  table <- do.call(rbind, tables)
  names <- column_names(ncol(table), columns, "record 1")
  frame <- lapply(seq_along(names), function(i) table[, i])
  structure(frame, names = names, row.names = .set_row_names(nrow(table)), class = "data.frame")
}
