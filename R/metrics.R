# What training steps log of their metrics, as people look at it: a data frame that prints one line for each series.

#' The metrics of a run
#'
#' Reads what the training steps of a run logged, here or on SageMaker, by the definitions under `metrics` of each step;
#' an algorithm of the service's, such as its XGBoost, has definitions of its own.
#'
#' @param run A run, its id, or the name of one of its jobs.
#' @param step Name of a step, to see only its metrics.
#' @returns A data frame of class `shardr_metrics` with a row for each value: `step`, `instance`, `metric`, `index` (1
#'   is the instance's first value of the metric), `x` (the `step` of [log_metric()], else the index) and `value`. It
#'   prints a line for each series: its last, lowest and highest value, and how it went; `plot()` draws it. Errors:
#'   `shardr_error_not_found` for an unknown run or step.
#' @seealso [log_metric()]; `shardr metrics RUN --follow` in the shell, which shows them as they come.
#' @export
#' @examples
#' \dontrun{
#' metrics <- job_metrics(run)
#' metrics
#' plot(metrics)
#' }
job_metrics <- function(run, step = NULL) {
  call <- environment()
  id <- run_id(run, call)
  named <- checked(list(step = as_text(step)), "not_found", "No metrics are named by this.", call)
  structure(python_metrics(id, named$step, call), class = c("shardr_metrics", "data.frame"))
}

#' @export
print.shardr_metrics <- function(x, ...) {
  if (printed_plainly(x, c("step", "instance", "metric", "x", "value"), ...)) return(invisible(x))
  each <- metric_series(x)
  if (length(each) == 0L) {
    cat("no metric was logged\n")
    return(invisible(x))
  }
  best <- function(which) {
    vapply(each, function(one) {
      at <- which(one$value)
      if (length(at)) c(metric_text(one$value[at]), format(one$x[at], scientific = FALSE)) else c("-", "-")
    }, c("", ""))
  }
  least <- best(which.min)
  most <- best(which.max)
  first <- function(field) vapply(each, function(one) one[[field]][1], "", USE.NAMES = FALSE)
  columns <- list(
    step = first("step"), metric = first("metric"), instance = first("instance"),
    values = each_text(each, function(one) counted(nrow(one))),
    last = each_text(each, function(one) metric_text(one$value[nrow(one)])),
    min = least[1, ], at = least[2, ], max = most[1, ], at = most[2, ],
    trend = each_text(each, function(one) sparkline(one$value))
  )
  if (length(unique(columns$instance)) == 1L) columns$instance <- NULL
  cat(table_lines(columns, c("values", "last", "min", "max", "at")), sep = "\n")
  invisible(x)
}

# A data frame for each step, metric and instance, in the order in which they come.
metric_series <- function(x) {
  x <- as.data.frame(x)
  unname(split(x, factor(key <- paste(x$step, x$metric, x$instance, sep = "\r"), unique(key))))
}

#' @export
as.data.frame.shardr_metrics <- function(x, ...) {
  class(x) <- "data.frame"
  x
}

metric_text <- function(value) tolower(sprintf("%.6g", value))

spark_marks <- list(
  blocks = c("\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588", "\u2191", "\u2193", "?"),
  ascii = strsplit("_.-~=+*#^v?", "")[[1]]
)

# Values as a line of text; Python: api/metrics/sparkline.py, which tells more.
sparkline <- function(values, width = 24, marks = spark_marks[[if (l10n_info()[["UTF-8"]]) "blocks" else "ascii"]]) {
  places <- min(length(values), width)
  if (places == 0) return("")
  cuts <- floor((0:places) * length(values) / places)
  shown <- vapply(seq_len(places), function(i) {
    own <- values[(cuts[i] + 1):cuts[i + 1]]
    finite <- own[is.finite(own)]
    if (length(finite)) sum(finite / length(finite)) else c(own[!is.na(own)], NaN)[1]
  }, 0)
  heights <- shown[is.finite(shown)]
  low <- min(heights, Inf)
  high <- max(heights, -Inf)
  level <- if (isTRUE(low == high)) 4 else floor((shown / 2 - low / 2) / (high / 2 - low / 2) * 7 + 0.5) + 1
  paste(marks[ifelse(is.na(shown), 11, ifelse(is.finite(shown), level, ifelse(shown > 0, 9, 10)))], collapse = "")
}
