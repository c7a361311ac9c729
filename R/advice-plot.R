# An advice as a picture, by R's own graphics; Python's is drawn by matplotlib and looks alike.

#' Draw an advice
#'
#' Minutes and dollars by the number of instances, side by side: a line for each type with its 95 % interval, and the
#' minutes on this machine as a dashed line.
#'
#' @param x What [job_advise()] gave.
#' @param file A `.png`, `.svg` or `.pdf` to draw into. Default: the open device.
#' @param ... Nothing.
#' @returns `x`, invisibly.
#' @export
#' @examples
#' \dontrun{
#' plot(advice, file = "advice.png")
#' }
plot.shardr_advice <- function(x, ..., file = NULL) {
  if (!is.null(file)) {
    open_picture(file, environment())
    on.exit(grDevices::dev.off())
  }
  away <- x$options[x$options$where == "sagemaker", ]
  counts <- if (nrow(away)) sort(unique(away$instances)) else 1
  types <- unique(away$instance_type)
  colours <- rep_len(picture_colours, length(types))
  before <- graphics::par(mar = c(4, 4, 3, 1))
  on.exit(graphics::par(before), add = TRUE, after = FALSE)
  graphics::layout(matrix(c(1, 2, 3, 3), 2, byrow = TRUE), heights = c(6, 1))
  on.exit(graphics::layout(1), add = TRUE, after = FALSE)
  panel <- function(what) {
    value <- away[[what]]
    margin <- away[[paste0(what, "_margin")]]
    home <- if (what == "minutes") x$options$minutes[x$options$where == "here"]
    top <- max(0, value + margin, home, na.rm = TRUE)
    graphics::plot(
      range(counts) * c(0.9, 1.1), c(0, if (top > 0) top else 1), type = "n", log = "x", axes = FALSE,
      xlab = "instances", ylab = "", main = what
    )
    graphics::axis(1, counts)
    graphics::axis(2, las = 1)
    graphics::grid(nx = NA, ny = NULL)
    graphics::abline(h = home, lty = 2, col = "#555555")
    if (all(is.na(value))) graphics::mtext("no price known", line = -5, col = "#555555")
    for (i in seq_along(types)) {
      own <- which(away$instance_type == types[i] & !is.na(value))
      at <- away$instances[own] * 1.015^(2 * i - length(types) - 1) # to the side, so that none hides behind another
      graphics::segments(at, pmax(value[own] - margin[own], 0), at, value[own] + margin[own], col = colours[i])
      graphics::lines(at, value[own], type = "b", pch = 14 + i, col = colours[i])
    }
  }
  panel("minutes")
  panel("dollars")
  graphics::par(mar = c(0, 0, 0, 0))
  graphics::plot.new()
  graphics::legend(
    "center", c("here", types), col = c("#555555", colours), lty = c(2, rep(1, length(types))),
    pch = c(NA, 14 + seq_along(types)), bty = "n", horiz = TRUE
  )
  invisible(x)
}

# Okabe and Ito's: told apart by everybody.
picture_colours <- c("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

open_picture <- function(file, call, width = 9, height = 4.5) {
  draw <- switch(
    tolower(sub(".*[.]", "", file)),
    png = function() grDevices::png(file, width = width, height = height, units = "in", res = 144),
    svg = function() grDevices::svg(file, width = width, height = height),
    pdf = function() grDevices::pdf(file, width = width, height = height)
  )
  if (is.null(draw)) {
    shardr_abort("data", paste0("No picture can be drawn into ", shown(file), "."),
                 fix = "Name a .png, .svg or .pdf.", call = call)
  }
  draw()
}
