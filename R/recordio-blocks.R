# Blocks of rows: cut, joined, and rows that name their columns. Python: recordio/blocks.py.

block_width <- function(block) if (!is.null(block$features)) dim(block$features)[[2L]]

label_widths <- function(labels) vapply(labels, NCOL, 0L) # of none an empty vector, where NULL is not known

# What the blocks behind this one must have, too.
asked_after <- function(asked, block) {
  asked[c("width", "labels")] <- list(block_width(block) %||% asked$width, label_widths(block$labels))
  asked
}

# Rows that name their columns, both counted from 1; the shape is of all rows.
sparse_rows <- function(row, column, value, shape) {
  structure(list(row = row, column = column, value = value, shape = shape), class = "shardr_sparse")
}

# The same rows in blocks of so many, the last one with what is left.
resized_blocks <- function(following, rows) {
  held <- list()
  ready <- list()
  function() {
    while (length(ready) == 0L) {
      block <- following()
      held <<- c(held, if (!is.null(block)) list(block))
      size <- sum(unlist(lapply(held, `[[`, "rows")))
      if (size == 0) return(NULL)
      if (size < rows && !is.null(block)) next
      whole <- joined_blocks(held)
      ends <- if (is.null(block)) size else size %/% rows * rows
      ready <<- lapply(seq(0, ends - 1, by = rows), function(begin) {
        block_part(whole, begin + seq_len(min(rows, ends - begin)))
      })
      held <<- if (size > ends) list(block_part(whole, ends + seq_len(size - ends))) else list()
    }
    block <- ready[[1L]]
    ready <<- ready[-1L]
    block
  }
}

# Rows of a block that follow each other.
block_part <- function(block, part) {
  if (length(part) == block$rows) return(block)
  if (!is.null(block$features)) block$features <- features_part(block$features, part)
  block$labels[] <- lapply(block$labels, function(values) if (is.matrix(values)) values[part, ] else values[part])
  for (name in c("uid", "metadata")) if (!is.null(block[[name]])) block[[name]] <- block[[name]][part]
  block$first <- block$first + part[[1L]] - 1
  block$rows <- length(part)
  block
}

# One block of all rows of blocks that have the same columns and labels.
joined_blocks <- function(blocks) {
  if (length(blocks) == 1L) return(blocks[[1L]])
  found <- blocks[[1L]]
  all_of <- function(name) lapply(blocks, `[[`, name)
  found$rows <- sum(unlist(all_of("rows")))
  found$features <- joined_features(all_of("features"))
  found$labels[] <- lapply(seq_along(found$labels), function(i) {
    parts <- lapply(all_of("labels"), `[[`, i)
    if (is.matrix(parts[[1L]])) do.call(rbind, parts) else unlist(parts)
  })
  for (name in c("uid", "metadata")) {
    if (length(unlist(all_of(name)))) {
      found[[name]] <- unlist(lapply(blocks, function(block) block[[name]] %||% rep(NA_character_, block$rows)))
    }
  }
  dtypes <- unique(unlist(all_of("dtype")))
  if (length(dtypes) > 1L) found$dtype <- "float64"
  found
}

joined_features <- function(parts) {
  sparse <- vapply(parts, inherits, NA, "shardr_sparse")
  if (!any(sparse)) return(do.call(rbind, parts))
  parts[!sparse] <- lapply(parts[!sparse], as_sparse)
  before <- c(0, cumsum(vapply(parts, nrow, 0)))
  sparse_rows(
    unlist(Map(function(part, more) part$row + more, parts, before[seq_along(parts)])),
    unlist(lapply(parts, `[[`, "column")), unlist(lapply(parts, `[[`, "value")),
    c(before[[length(before)]], ncol(parts[[1L]]))
  )
}

# Each row of a matrix with all of its columns.
as_sparse <- function(table) {
  sparse_rows(
    rep(seq_len(nrow(table)), each = ncol(table)), rep(seq_len(ncol(table)), nrow(table)),
    as.vector(t(table)), as.numeric(dim(table))
  )
}

features_part <- function(x, rows) {
  if (!inherits(x, "shardr_sparse")) return(x[rows, , drop = FALSE])
  chosen <- x$row >= rows[[1L]] & x$row <= rows[[length(rows)]]
  sparse_rows(x$row[chosen] - rows[[1L]] + 1, x$column[chosen], x$value[chosen], c(length(rows), x$shape[[2L]]))
}

#' @export
as.matrix.shardr_sparse <- function(x, ...) {
  found <- matrix(0, x$shape[[1L]], x$shape[[2L]])
  found[cbind(x$row, x$column)] <- x$value
  found
}

#' @export
dim.shardr_sparse <- function(x) x$shape
