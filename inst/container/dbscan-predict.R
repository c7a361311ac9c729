# How serve_model() serves a model of dbscan.R: a line for each point, CSV or what PCA's transform writes.

reading <- new.env()
sys.source("points.R", reading)

model_fn <- function(dir) {
  kept <- file.path(dir, "dbscan.rds")
  if (!file.exists(kept)) stop("there is no model: ", kept, " is not there", call. = FALSE)
  loadNamespace("dbscan") # before the workers part, so that it is in memory once
  model <- readRDS(kept)
  model$width <- if (nrow(model$points)) ncol(model$points) else NA_integer_
  # a tree of one point is none
  if (nrow(model$points) == 1L) {
    model$points <- model$points[c(1L, 1L), , drop = FALSE]
    model$labels <- rep(model$labels, 2L)
  }
  model
}

# The content type says nothing: batch transforms of JSON lines send them as text/csv.
input_fn <- function(body, content_type) {
  text <- if (is.raw(body)) rawToChar(body) else body
  strsplit(text, "\r?\n")[[1L]]
}

# The cluster of the nearest point that is in one, and 0 where none is within eps.
predict_fn <- function(model, data) {
  points <- tryCatch(
    reading$points_of(data, model$width),
    error = function(e) shardr:::refuse(400L, conditionMessage(e))
  )
  labels <- numeric(nrow(points))
  if (nrow(model$points) == 0L) return(labels)
  nearest <- dbscan::kNN(model$points, k = 1L, query = points)
  near <- nearest$dist[, 1L] <= model$eps
  labels[near] <- model$labels[nearest$id[near, 1L]]
  labels
}

output_fn <- function(prediction, accept) list(paste0(prediction, "\n", collapse = ""), "text/csv")
