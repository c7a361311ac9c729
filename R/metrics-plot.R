# Metrics as a picture, by R's own graphics; Python's is drawn by matplotlib and looks alike.

#' Draw the metrics of a run
#'
#' A panel for each quantity, so that `train:rmse` and `validation:rmse` are side by side, and a line for each step and
#' instance. What is no number is a gap.
#'
#' @param x What [job_metrics()] gave, or some rows of it.
#' @param file A `.png`, `.svg` or `.pdf` to draw into. Default: the open device.
#' @param ... Nothing.
#' @returns `x`, invisibly.
#' @export
#' @examples
#' \dontrun{
#' plot(job_metrics(run), file = "metrics.png")
#' }
plot.shardr_metrics <- function(x, ..., file = NULL) {
  each <- metric_series(x)
  if (length(each) == 0L) {
    shardr_abort("data", "The run has logged no metric.", fix = "job_logs() has what it printed.", call = environment())
  }
  name <- vapply(each, function(one) one$metric[1], "")
  what <- sub("^.*:", "", name)
  panels <- split(each, factor(what, unique(what)))
  wide <- min(3, length(panels))
  high <- ceiling(length(panels) / wide)
  if (!is.null(file)) {
    open_picture(file, environment(), max(6, 4.5 * wide), 3.2 * high)
    on.exit(grDevices::dev.off())
  }
  before <- graphics::par(mfrow = c(high, wide), mar = c(3, 4, 3, 1))
  on.exit(graphics::par(before), add = TRUE, after = FALSE)
  for (i in seq_along(panels)) metric_panel(names(panels)[i], panels[[i]])
  invisible(x)
}

most_named <- 12 # more lines in one panel are drawn and not named: nobody could tell them apart

metric_panel <- function(what, each) {
  labels <- metric_labels(each)
  alone <- all(vapply(each, nrow, 0L) == 1L) # a place for each: lines of one value are none
  x <- if (alone) as.list(seq_along(each)) else lapply(each, function(one) one$x)
  y <- lapply(each, function(one) ifelse(is.finite(one$value), one$value, NA))
  drawn <- unlist(y)[!is.na(unlist(y))]
  named <- length(each) <= most_named
  graphics::plot(
    range(unlist(x)) + if (alone) c(-0.5, 0.5) else 0, if (length(drawn)) range(drawn) else c(0, 1), type = "n",
    axes = FALSE, xlab = "", ylab = "", main = if (named) what else paste0(what, ", ", length(each), " lines")
  )
  if (alone && named) graphics::axis(1, seq_along(each), labels) else graphics::axis(1)
  graphics::axis(2, las = 1)
  graphics::grid(nx = NA, ny = NULL)
  look <- if (alone) list(colour = rep_len(1, length(each)), dash = rep_len(1, length(each))) else metric_looks(each)
  colours <- picture_colours[(look$colour - 1) %% length(picture_colours) + 1]
  dashes <- (look$dash - 1) %% 4 + 1
  for (i in seq_along(each)) {
    there <- c(FALSE, !is.na(y[[i]]), FALSE)
    lone <- which(there[-c(1, length(there))] & !utils::head(there, -2) & !utils::tail(there, -2))
    graphics::lines(x[[i]], y[[i]], col = colours[i], lty = dashes[i])
    graphics::points(x[[i]][lone], y[[i]][lone], pch = 19, col = colours[i])
  }
  if (!alone && named && length(each) > 1) {
    graphics::legend(emptiest_corner(unlist(x), unlist(y)), labels, col = colours, lty = dashes, bty = "n")
  }
}

# A colour for each metric and a dash for each instance; where one of both is alone, each line has its own.
metric_looks <- function(each) {
  metric <- vapply(each, function(one) paste(one$step[1], one$metric[1], sep = "\r"), "")
  instance <- vapply(each, function(one) one$instance[1], "")
  if (length(unique(metric)) == 1L || length(unique(instance)) == 1L) {
    return(list(colour = seq_along(each), dash = seq_along(each)))
  }
  list(colour = match(metric, unique(metric)), dash = match(instance, unique(instance)))
}

# The corner that is farthest from all points.
emptiest_corner <- function(x, y) {
  seen <- !is.na(y)
  if (!any(seen)) return("topright")
  place <- function(v) if (diff(range(v)) > 0) (v - min(v)) / diff(range(v)) else rep(0.5, length(v))
  x <- place(x[seen])
  y <- place(y[seen])
  corners <- list(topright = c(1, 1), topleft = c(0, 1), bottomright = c(1, 0), bottomleft = c(0, 0))
  far <- vapply(corners, function(corner) min((x - corner[1])^2 + (y - corner[2])^2), 0)
  names(corners)[which.max(far)]
}

# What tells the lines of a panel apart: of step, metric and instance those that differ; else the metric.
metric_labels <- function(each) {
  words <- vapply(each, function(one) {
    c(one$step[1], if (grepl(":", one$metric[1])) sub(":[^:]*$", "", one$metric[1]) else one$metric[1], one$instance[1])
  }, c("", "", ""))
  differ <- apply(words, 1, function(row) length(unique(row)) > 1)
  if (!any(differ)) differ[2] <- TRUE
  apply(words[differ, , drop = FALSE], 2, paste, collapse = " ")
}
