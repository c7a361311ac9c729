# How serve_model() serves a model of dbscan.R: a line for each point, CSV or what PCA's transform writes.

reading <- new.env()
for (file in c("points.R", "nearest.R")) sys.source(file, reading)

# Boxes of the points are made here, once, and not for each request.
model_fn <- function(dir) {
  kept <- file.path(dir, "dbscan.rds")
  if (!file.exists(kept)) stop("there is no model: ", kept, " is not there", call. = FALSE)
  model <- readRDS(kept)
  width <- if (nrow(model$points)) ncol(model$points) else NA_integer_
  list(index = reading$index_of(model$points, model$labels, model$eps), width = width)
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
  reading$labels_near(model$index, points)
}

output_fn <- function(prediction, accept) list(paste0(prediction, "\n", collapse = ""), "text/csv")
