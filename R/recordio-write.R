# recordIO-protobuf written. Python: recordio/encoding.py, which writes the same bytes.

#' Write recordIO-protobuf
#'
#' A record for each row, as SageMaker's algorithms read it: what [read_recordio()] reads.
#'
#' @param x A data frame of numbers and logicals, a matrix, or sparse rows as [recordio_blocks()] gives them; the
#'   function that [recordio_blocks()] gives, whose blocks are written one by one with all that they have, labels with
#'   numbers of the features' kind; or the path of a file, CSV, TSV, JSON lines or Parquet, which the Python half reads,
#'   or `.pbr`.
#' @param file Path of the file to write; with `shard_rows` or `shard_bytes` its name has a number before the ending,
#'   which is `.pbr` where it has none. No file is there before all are written.
#' @param label Name of the column of a data frame or a file that is the label, or a number for each row.
#' @param dtype `"float32"`, which the algorithms read, `"float64"` or `"int32"`; of blocks and `.pbr` by default what
#'   they have.
#' @param uid,metadata A text for each row; `NA` where there is none. Of a file, the name of the column that has them.
#' @param shard_rows,shard_bytes Rows in a file, or bytes at most: makes `rows-00000.pbr`, `rows-00001.pbr` and so on of
#'   `rows.pbr`. A record that has more bytes has a file of its own.
#' @returns The paths of the files, invisibly. `shardr_error_data` names columns that are no numbers, and is raised
#'   for numbers that int32 cannot hold.
#' @seealso [read_recordio()], [decode_recordio()]
#' @export
#' @examples
#' write_recordio(cars, tempfile(fileext = ".pbr"), label = "dist")
write_recordio <- function(x, file, label = NULL, dtype = NULL, uid = NULL, metadata = NULL, shard_rows = NULL,
                           shard_bytes = NULL) {
  call <- environment()
  if (!is.null(dtype)) dtype <- match.arg(dtype, names(tensor_kinds))
  check_labels(label, call)
  most <- list(shard_rows = shard_rows, shard_bytes = shard_bytes)
  if (!all(vapply(most, function(one) is.null(one) || isTRUE(one >= 1), NA))) {
    container_abort("A shard has at least one row, and at least one byte.", "data", call)
  }
  if (dir.exists(file)) container_abort("{.path {file}} is a folder: name a file in it.", "data", call)
  if (is.character(x) && length(x) == 1L && is.null(dim(x))) {
    given <- list(label = label_for_python(label), dtype = dtype, uid = uid, metadata = metadata)
    if (!grepl("[.]pbr$", x, ignore.case = TRUE) || length(unlist(given))) {
      return(invisible(encoded_by_python(x, file, c(given, most), call)))
    }
    x <- recordio_blocks(x)
  }
  following <- if (is.function(x)) x else given_blocks(recordio_given(x, label, call), uid, metadata)
  if (is.function(x) && length(c(label, uid, metadata))) {
    container_abort("Blocks have labels and texts of their own.", "data", call)
  }
  shards <- record_shards(file, shard_rows, shard_bytes, call)
  on.exit(shards$drop())
  while (!is.null(block <- following())) {
    kind <- dtype %||% block$dtype %||% "float32"
    shards$add(recordio_records(block$features, block$labels, kind, block$uid, block$metadata, call))
  }
  invisible(shards$finish())
}

write_rows <- 2^15 # that are made into bytes at a time

# A function that gives what is to be written, block by block.
given_blocks <- function(given, uid, metadata) {
  n <- nrow(given$features)
  done <- 0
  function() {
    if (done >= n) return(NULL)
    part <- done + seq_len(min(write_rows, n - done))
    done <<- done + length(part)
    list(
      features = features_part(given$features, part), uid = uid[part], metadata = metadata[part],
      labels = if (!is.null(given$label)) list(values = given$label[part])
    )
  }
}

check_numbers <- function(x, call) {
  other <- names(x)[!vapply(x, function(column) is.numeric(column) || is.logical(column), NA)]
  if (length(other)) container_abort("These columns are no numbers: {.field {other}}.", "data", call)
}

recordio_given <- function(x, label, call) {
  named <- is.character(label)
  if (is.data.frame(x)) {
    check_numbers(x, call)
    if (named && !label %in% names(x)) container_abort("There is no column {.field {label}}.", "data", call)
    values <- if (named) as.numeric(x[[label]]) else label
    check_label_count(values, nrow(x), call)
    return(list(features = data.matrix(x[setdiff(names(x), if (named) label)]), label = values))
  }
  if (!inherits(x, "shardr_sparse") && !(is.matrix(x) && (is.numeric(x) || is.logical(x)))) {
    container_abort("{.arg x} must be a data frame or a matrix of numbers.", "data", call)
  }
  if (named) {
    container_abort(
      c("A matrix has no column {.field {label}}.", "i" = "{.arg label} takes a number for each row; or give a table."),
      "data", call
    )
  }
  check_label_count(label, nrow(x), call)
  list(features = x, label = label)
}

check_labels <- function(label, call) {
  if (is.null(label) || is.numeric(label) || is.logical(label) || is.character(label) && length(label) == 1L) return()
  container_abort("Labels are a number for each row.", "data", call)
}

# As JSON has them, which knows no missing numbers.
label_for_python <- function(label) {
  if (is.null(label) || is.character(label)) label else lapply(as.numeric(label), function(one) if (!is.na(one)) one)
}

check_label_count <- function(label, rows, call) {
  n <- length(label)
  if (!is.null(label) && n != rows) container_abort("There are {n} labels for {rows} rows.", "data", call)
}

# The bytes of records, and where each one ends: of a matrix or sparse rows, or of NULL, and labels by name.
recordio_records <- function(features, labels, dtype, uid = NULL, metadata = NULL, call = parent.frame()) {
  tensors <- c(
    if (!is.null(features)) list(record_tensor(1L, "values", features, dtype, call)),
    Map(function(values, name) record_tensor(2L, name, as.matrix(values), dtype, call), labels, names(labels))
  )
  n <- tensors[[1L]]$rows
  if (n == 0L) return(list(bytes = raw(), ends = numeric()))
  plain <- is.null(uid) && is.null(metadata) && all(vapply(tensors, function(t) !is.null(t$values), NA))
  if (plain) {
    bytes <- dense_bytes(tensors, n)
    return(list(bytes = bytes, ends = seq_len(n) * (length(bytes) / n)))
  }
  records <- lapply(seq_len(n), function(i) {
    text <- function(number, value) {
      if (!is.null(value) && !is.na(value[[i]])) field_bytes(number, charToRaw(enc2utf8(value[[i]])))
    }
    record <- c(unlist(lapply(tensors, function(t) t$row(i))), text(3L, uid), text(4L, metadata))
    c(recordio_magic, little(length(record)), record, raw(-length(record) %% 4L))
  })
  list(bytes = do.call(c, records), ends = cumsum(as.numeric(lengths(records))))
}

little <- function(size) as.raw(size %/% 256^(0:3) %% 256)

# A tensor of each row: all values as a matrix of bytes where each row has as many, and what makes the field of one.
record_tensor <- function(section, name, held, dtype, call) {
  sparse <- inherits(held, "shardr_sparse")
  numbers <- if (sparse) held$value else held
  if (dtype == "int32" && any(is.na(numbers) | numbers != floor(numbers) | abs(numbers) > 2^31 - 1)) {
    container_abort("int32 holds whole numbers below 2^31 only.", "data", call)
  }
  size <- c(float32 = 4L, float64 = 8L, int32 = NA)[[dtype]]
  as_bytes <- function(values) {
    if (is.na(size)) unlist(lapply(values, varint_bytes)) else float_bytes(values, size)
  }
  width <- dim(held)[[2L]]
  field <- function(values, keys = NULL) record_field(section, name, tensor_kinds[[dtype]], values, keys, width, sparse)
  rows <- if (sparse) split(seq_along(held$row), factor(held$row, seq_len(dim(held)[[1L]])))
  list(
    rows = dim(held)[[1L]], field = field,
    values = if (!sparse && !is.na(size)) matrix(float_bytes(as.vector(t(held)), size), ncol = dim(held)[[1L]]),
    row = function(i) {
      if (!sparse) return(field(as_bytes(held[i, ])))
      chosen <- rows[[i]]
      field(as_bytes(held$value[chosen]), unlist(lapply(held$column[chosen] - 1, varint_bytes)))
    }
  )
}

# As protobuf has numbers: those that are none with the bits of numpy's.
float_bytes <- function(values, size) {
  values <- as.numeric(values)
  values[is.na(values)] <- NaN
  writeBin(values, raw(), size = size, endian = "little")
}

record_field <- function(section, name, kind, values, keys, width, sparse) {
  tensor <- c(
    if (length(values)) field_bytes(1L, values), if (length(keys)) field_bytes(2L, keys),
    if (sparse) field_bytes(3L, varint_bytes(width))
  )
  field_bytes(section, c(field_bytes(1L, charToRaw(name)), field_bytes(2L, field_bytes(kind, tensor))))
}

field_bytes <- function(number, held) c(as.raw(number * 8 + 2), varint_bytes(length(held)), held)

varint_bytes <- function(x) {
  if (x >= 0 && x < 128) return(as.raw(x))
  if (x < 0) {
    # as 64 bits: of 2^64 + x the lower 32 bits are those of 2^32 + x, the others are all set
    low <- x + 2^32
    groups <- c(low %/% 128^(0:3) %% 128, low %/% 128^4 + 112, 127, 127, 127, 127, 1)
    return(as.raw(groups + c(rep(128, 9), 0)))
  }
  n <- max(1, ceiling(log2(x + 1) / 7))
  as.raw(x %/% 128^(seq_len(n) - 1) %% 128 + c(rep(128, n - 1), 0))
}

# Records that have as many bytes each: a template, and the numbers put into its copies.
dense_bytes <- function(tensors, n) {
  template <- raw()
  places <- list()
  for (tensor in tensors) {
    size <- nrow(tensor$values)
    field <- tensor$field(raw(size))
    places[[length(places) + 1L]] <- length(template) + length(field) - size + seq_len(size) + 8L
    template <- c(template, field)
  }
  record <- length(template)
  template <- c(recordio_magic, little(record), template, raw(-record %% 4L))
  found <- matrix(template, length(template), n)
  for (i in seq_along(tensors)) found[places[[i]], ] <- tensors[[i]]$values
  as.vector(found)
}
