# Points as they come: CSV without a header, or JSON lines with the array `projection` that PCA's transform writes.

# A matrix with a row for each line; stops with the number of the first line that is not as the others.
points_of <- function(lines, width = NA_integer_, what = "line") {
  if (length(lines) == 0L) stop("there are no points", call. = FALSE)
  parse <- if (startsWith(trimws(lines[[1L]]), "{")) projection_of else numbers_of
  points <- lapply(lines, parse)
  if (is.na(width)) width <- length(points[[1L]])
  wrong <- which(lengths(points) != width | vapply(points, anyNA, NA) | lengths(points) == 0L)
  if (length(wrong)) {
    stop(
      what, " ", wrong[[1L]], ": expected ", if (width > 0L) paste0(width, " "), "numbers, found \"",
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

projection_of <- function(line) {
  found <- tryCatch(jsonlite::fromJSON(line)$projection, error = function(e) NA_real_)
  if (is.numeric(found) && all(is.finite(found))) found else NA_real_
}
