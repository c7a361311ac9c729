# Points as they come: CSV without a header, or what PCA's transform writes: a line of JSON for each point, with the
# array `projection`, or for each of its batches, with an array `projections` of such.

# A matrix with a row for each line; stops with the number of the first line that is not as the others.
points_of <- function(lines, width = NA_integer_, what = "line") {
  if (length(lines) == 0L) stop("there are no points", call. = FALSE)
  json <- startsWith(trimws(lines[[1L]]), "{")
  points <- lapply(lines, if (json) projections_of else function(line) list(numbers_of(line)))
  lines <- rep(lines, lengths(points))
  number <- rep(seq_along(points), lengths(points))
  points <- unlist(points, recursive = FALSE)
  if (is.na(width)) width <- length(points[[1L]])
  wrong <- which(lengths(points) != width | vapply(points, anyNA, NA) | lengths(points) == 0L)
  if (length(wrong)) {
    stop(
      what, " ", number[[wrong[[1L]]]], ": expected ", if (width > 0L) paste0(width, " "), "numbers, found \"",
      substr(lines[[wrong[[1L]]]], 1L, 80L), "\"",
      call. = FALSE
    )
  }
  matrix(unlist(points), ncol = width, byrow = TRUE)
}

# NA stands for what is no finite number.
numbers_of <- function(line) {
  found <- suppressWarnings(as.numeric(strsplit(paste0(line, ","), ",", fixed = TRUE)[[1L]]))
  ifelse(is.finite(found), found, NA_real_)
}

# The points of a line: one, or those of a batch.
projections_of <- function(line) {
  found <- tryCatch(jsonlite::fromJSON(line, simplifyVector = FALSE), error = function(e) NULL)
  found <- if (is.list(found$projections)) lapply(found$projections, `[[`, "projection") else list(found$projection)
  if (length(found) == 0L) return(list(NA_real_))
  lapply(found, function(point) {
    whole <- all(lengths(point) == 1L) # null has none, and would be left out
    point <- unlist(point)
    if (whole && is.numeric(point) && all(is.finite(point))) point else NA_real_
  })
}
