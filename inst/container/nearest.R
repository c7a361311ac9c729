# The clustered point that is nearest to a new one, of all that are within eps: exact, by boxes made once.

# Points as columns in boxes of about as many as there are boxes, so that a search looks at the bounds of all boxes and
# at the points of one or two. `labels` are their clusters.
index_of <- function(points, labels, eps) {
  size <- max(16, ceiling(sqrt(nrow(points))))
  boxes <- if (nrow(points)) divided(points, seq_len(nrow(points)), size) else list()
  bounds <- lapply(boxes, function(rows) apply(points[rows, , drop = FALSE], 2L, range))
  low <- vapply(bounds, function(found) found[1L, ], numeric(ncol(points)))
  high <- vapply(bounds, function(found) found[2L, ], numeric(ncol(points)))
  list(
    middle = matrix((low + high) / 2, ncol(points)), half = matrix((high - low) / 2, ncol(points)),
    boxes = lapply(boxes, function(rows) t(points[rows, , drop = FALSE])), rows = boxes, labels = labels, eps = eps
  )
}

# Rows in halves, along the column in which they differ most, until no part has more than `size`.
divided <- function(points, rows, size) {
  if (length(rows) <= size) return(list(rows))
  few <- if (length(rows) > 1000L) rows[seq(1L, length(rows), length.out = 1000L)] else rows
  column <- points[rows, which.max(apply(points[few, , drop = FALSE], 2L, stats::var))]
  # by place and not by value: equal points are divided, too
  half <- replace(logical(length(rows)), order(column)[seq_len(length(rows) %/% 2L)], TRUE)
  c(divided(points, rows[half], size), divided(points, rows[!half], size))
}

# The cluster of the nearest point within eps for each row of a matrix, 0 where there is none. Of several that are
# equally near the first counts.
labels_near <- function(index, points) {
  vapply(seq_len(nrow(points)), function(i) label_near(index, points[i, ]), 0)
}

label_near <- function(index, point) {
  if (length(index$boxes) == 0L) return(0)
  columns <- length(point)
  outside <- abs(index$middle - point) - index$half
  outside <- outside * (outside > 0)
  # what the middle of a box loses in rounding must not hide a point at its border
  bounds <- .colSums(outside * outside, columns, length(index$boxes)) * (1 - 1e-9)
  best <- index$eps^2
  row <- 0L
  repeat {
    box <- which.min(bounds)
    if (bounds[[box]] > best) break
    bounds[[box]] <- Inf
    apart <- index$boxes[[box]] - point
    squares <- .colSums(apart * apart, columns, ncol(apart))
    least <- which.min(squares)
    if (squares[[least]] > best) next
    first <- index$rows[[box]][[least]] # the rows of a box are in order
    if (row == 0L || squares[[least]] < best || first < row) row <- first
    best <- squares[[least]]
  }
  if (row == 0L) 0 else as.numeric(index$labels[[row]])
}
