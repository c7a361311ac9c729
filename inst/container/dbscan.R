# Finds clusters in the points of the channel train, and keeps of them what serving needs.
# Hyperparameters, as text: minPts (default 5); eps (default: the mean distance of a point to its minPts-th neighbour).

programs <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[[1L]]))
reading <- new.env()
sys.source(file.path(programs, "points.R"), reading)
base <- "/opt/ml"

train <- function() {
  file <- file.path(base, "input", "config", "hyperparameters.json")
  given <- if (file.exists(file)) jsonlite::fromJSON(file) else list()
  unknown <- setdiff(names(given), c("minPts", "eps"))
  if (length(unknown)) stop("unknown hyperparameters: ", toString(unknown), call. = FALSE)
  min_points <- positive(given$minPts, "minPts", 5)
  if (min_points != round(min_points)) stop("minPts: expected a whole number, found ", min_points, call. = FALSE)
  points <- channel_points(file.path(base, "input", "data", "train"))
  if (is.null(given$eps) && nrow(points) <= min_points) {
    stop("there are ", nrow(points), " points: to choose eps, more than minPts = ", min_points, " are needed",
      call. = FALSE
    )
  }
  eps <- positive(given$eps, "eps", mean(dbscan::kNNdist(points, k = min_points)))
  found <- dbscan::dbscan(points, eps = eps, minPts = min_points)
  clustered <- found$cluster > 0L
  cat(
    sprintf("points=%d; columns=%d; minPts=%d; eps=%.10g;", nrow(points), ncol(points), min_points, eps),
    sprintf("clusters=%d; noise=%d;\n", max(found$cluster), sum(!clustered))
  )
  model <- list(points = points[clustered, , drop = FALSE], labels = found$cluster[clustered], eps = eps)
  saveRDS(model, file.path(base, "model", "dbscan.rds"))
}

positive <- function(text, name, default) {
  value <- suppressWarnings(as.numeric(if (is.null(text)) default else text))
  if (length(value) != 1L || !is.finite(value) || value <= 0) {
    stop(name, ": expected a number above 0, found \"", toString(text), "\"", call. = FALSE)
  }
  value
}

# All files of the channel in one matrix; every file has as many columns as the first.
channel_points <- function(folder) {
  files <- sort(list.files(folder, full.names = TRUE, recursive = TRUE), method = "radix")
  lines <- lapply(files, readLines, warn = FALSE)
  files <- files[lengths(lines) > 0L]
  lines <- lines[lengths(lines) > 0L]
  if (length(files) == 0L) stop("the channel train has no points", call. = FALSE)
  read <- list()
  for (i in seq_along(files)) {
    width <- if (i > 1L) ncol(read[[1L]]) else NA_integer_
    read[[i]] <- reading$points_of(lines[[i]], width, paste0(basename(files[[i]]), ", line"))
  }
  do.call(rbind, read)
}

# The reason goes to where the service looks for it; the error itself ends R, with its traceback in the log.
withCallingHandlers(train(), error = function(e) {
  folder <- file.path(base, "output")
  if (file.access(folder, 2L) == 0L) writeLines(conditionMessage(e), file.path(folder, "failure"))
})
