# What a job would cost, before anything is spent: all is computed by the Python half; R shows and draws it.

#' See what a job would cost on SageMaker
#'
#' For each step instances x price x time. The time is what the step took in the newest run on this machine with the
#' same script, arguments, data and number of instances; where there is none, its `max_runtime_seconds`, and then the
#' total says "at most". Nothing is run, nothing is sent.
#'
#' @inheritParams job_plan
#' @param region Region whose prices count. Default: `AWS_REGION`, else `"us-east-1"`.
#' @param prices Your own prices of an hour in USD, as `c(ml.m5.large = 0.115)`; they go first.
#' @returns A data frame of class `shardr_estimate` with a row for each step: `step`, `kind`, `instances`,
#'   `instance_type`, `seconds` (of the script), `basis` (`"measured"` or `"bound"`), `run` (where it was measured),
#'   `usd_per_hour`, `priced` (the date of the price) and `dollars`. Its attributes `dollars` (`NA` when a price is not
#'   known), `at_most`, `seconds`, `region`, `notices` and `assumptions` are of the whole. Errors as in
#'   [job_validate()].
#' @export
#' @examples
#' \dontrun{
#' job_estimate("job.yml")
#' }
job_estimate <- function(x, ..., set = list(), region = NULL, prices = NULL, engine = NULL, role = NULL,
                         bucket = NULL) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  asked <- job_arguments(x, set, NULL, call, list(engine = engine, role = role, bucket = bucket))
  asked$runner <- NULL
  found <- python_call("estimate", c(asked, price_arguments(region, prices, call)), call)
  steps <- found$steps
  structure(
    data.frame(
      step = column(steps, "step", ""), kind = column(steps, "kind", ""), instances = column(steps, "instances", 0),
      instance_type = column(steps, "instance_type", ""), seconds = column(steps, "seconds", 0),
      basis = column(steps, "basis", ""), run = column(steps, "run", ""),
      usd_per_hour = column(steps, "usd_per_hour", 0), priced = as.Date(column(steps, "priced", "")),
      dollars = column(steps, "dollars", 0)
    ),
    class = c("shardr_estimate", "data.frame"), dollars = found$dollars %||% NA_real_, at_most = found$at_most,
    seconds = found$seconds, region = found$region, notices = in_r_words(as.character(unlist(found$notices))),
    assumptions = as.character(unlist(found$assumptions))
  )
}

#' @export
print.shardr_estimate <- function(x, ...) {
  from <- ifelse(x$basis == "measured", paste("run", x$run), "max_runtime_seconds")
  cat(table_lines(
    list(
      step = x$step, instances = as.character(x$instances), type = x$instance_type,
      seconds = vapply(x$seconds, seconds_text, ""), from = from, dollars = usd_text(x$dollars)
    ),
    numbers = c("instances", "seconds", "dollars")
  ), sep = "\n")
  most <- if (isTRUE(attr(x, "at_most"))) "at most "
  cat("\n", most, usd_text(attr(x, "dollars")), " in ", attr(x, "region"), "\n", sep = "")
  advice_notes(attr(x, "notices"), attr(x, "assumptions"))
  invisible(x)
}

#' Get advice on where a job is best run
#'
#' Runs the job on samples of its data on this machine, fits a line to the seconds of each step, and says what all of
#' the data would take here and on 1, 2, 4 and 8 instances of some types: minutes, dollars, and how sure that is. The
#' jobs of the samples leave nothing behind.
#'
#' @inheritParams job_estimate
#' @inheritParams job_plan
#' @param types Instance types to compare. Default: those of the job and up to four that have a price.
#' @param instances Numbers of instances to compare.
#' @param parts The samples: `16` is a sixteenth of the data.
#' @returns A list of class `shardr_advice`: `recommendation` (one line), `options` (a data frame with the columns
#'   `where`, `instances`, `instance_type`, `minutes`, `minutes_margin`, `dollars` and `dollars_margin`; the margins are
#'   half the width of the 95 % interval of the fitted line), `steps` (what was measured, a row for each step), `points`
#'   (the measured seconds by `bytes`), `notices` and `assumptions`. `plot()` draws minutes and dollars. Errors as in
#'   [job_validate()]. Where the samples do not say how the time grows, `notices` say why; the only option is then here,
#'   with the most that it takes, where that is less than SageMaker needs to start, and else `shardr_error_data` is
#'   raised; `shardr_error_job_failed` when the job fails on a sample.
#' @seealso [job_estimate()], which runs nothing; [prices_refresh()].
#' @export
#' @examples
#' \dontrun{
#' advice <- job_advise("job.yml", types = c("ml.m5.large", "ml.m5.xlarge"))
#' advice
#' plot(advice)
#' }
job_advise <- function(x, ..., set = list(), types = NULL, instances = c(1, 2, 4, 8), parts = c(16, 8, 4),
                       region = NULL, prices = NULL, runner = NULL) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  asked <- job_arguments(x, set, runner, call)[c("spec", "base", "set", "runner")]
  how <- list(types = as_texts(types), instances = each(instances, as_whole), parts = each(parts, as_whole))
  how <- checked(how, "spec_invalid", "No advice can be had so.", call)
  cli::cli_progress_step("Running samples of the data on this machine")
  found <- python_call("advise", c(asked, how, price_arguments(region, prices, call)), call)
  options <- data.frame(
    where = column(found$options, "where", ""), instances = column(found$options, "instances", 0),
    instance_type = column(found$options, "instance_type", ""), minutes = column(found$options, "minutes", 0),
    minutes_margin = column(found$options, "minutes_margin", 0), dollars = column(found$options, "dollars", 0),
    dollars_margin = column(found$options, "dollars_margin", 0)
  )
  lines <- lapply(found$steps, function(step) step$line)
  steps <- data.frame(
    step = column(found$steps, "step", ""), start_seconds = column(lines, "start", 0),
    seconds_per_gb = column(lines, "slope", 0) * 1e9, residual = column(lines, "residual", 0),
    scales = column(found$steps, "scales", 0) == 1, loss = column(found$steps, "loss", 0),
    loss_measured = column(found$steps, "loss_measured", 0) == 1, parallel = column(found$steps, "parallel", 0),
    parallel_measured = column(found$steps, "parallel_measured", 0) == 1
  )
  points <- do.call(rbind, lapply(found$steps, function(step) {
    data.frame(
      step = step$step, bytes = vapply(step$points, function(point) as.numeric(point[[1]]), 0),
      seconds = vapply(step$points, function(point) as.numeric(point[[2]]), 0)
    )
  }))
  structure(
    list(
      name = found$name, region = found$region, bytes = as.numeric(found$bytes), cores = found$cores,
      recommendation = found$recommendation, options = options, steps = steps, points = points,
      notices = in_r_words(as.character(unlist(found$notices))), assumptions = as.character(unlist(found$assumptions))
    ),
    class = "shardr_advice"
  )
}

#' @export
print.shardr_advice <- function(x, ...) {
  options <- x$options
  here <- options$where == "here"
  money <- ifelse(is.na(options$dollars), "", sprintf("%.3f", options$dollars_margin))
  cat(x$name, ": ", size_text(x$bytes), "\n\n", sep = "")
  cat(table_lines(
    list(
      where = ifelse(here, "here", paste(options$instances, "x", options$instance_type)),
      minutes = sprintf("%.2f", options$minutes), "+-" = sprintf("%.2f", options$minutes_margin),
      dollars = usd_text(options$dollars), "+-" = money
    ),
    numbers = c("minutes", "+-", "dollars")
  ), sep = "\n")
  cat("\n", x$recommendation, "\n", sep = "")
  advice_notes(x$notices, x$assumptions)
  invisible(x)
}

#' @export
as.data.frame.shardr_advice <- function(x, ...) x$options

#' Ask AWS what instances cost
#'
#' Asks the Price List API of AWS, which needs credentials with the permission `pricing:GetProducts`, and keeps the
#' answer in `SHARDR_HOME`. shardr comes with the prices of a few types; each has its date, and [job_estimate()] and
#' [job_advise()] say when one is older than 180 days.
#'
#' @param regions Regions to ask for. Default: `AWS_REGION`, else `"us-east-1"`.
#' @returns How many types have a price, by region, invisibly. `shardr_error_aws` when AWS cannot be asked.
#' @export
#' @examples
#' \dontrun{
#' prices_refresh(c("us-east-1", "eu-west-1"))
#' }
prices_refresh <- function(regions = NULL) {
  call <- environment()
  given <- checked(list(regions = as_texts(regions)), "spec_invalid", "These are no regions.", call)
  found <- python_call("prices_refresh", given, call)
  counts <- vapply(found$regions, as.numeric, 0)
  cli::cli_inform(paste0(names(counts), ": prices of ", vapply(counts, count_of, "", noun = "type")))
  invisible(counts)
}

# The arguments of a verb that say whose prices count.
price_arguments <- function(region, prices, call) {
  if (!is.null(prices)) {
    good <- is.numeric(prices) && has_names(prices) && all(is.finite(prices) & prices > 0)
    prices <- if (good) as.list(prices) else problem("expected USD by type", "write c(ml.m5.large = 0.115)")
  }
  checked(list(region = as_text(region), prices = prices), "spec_invalid", "There are no such prices.", call)
}

advice_notes <- function(notices, assumptions) {
  notes <- paste0("note: ", notices, recycle0 = TRUE)
  cat(paste0(c(notes, paste0("assumed: ", assumptions, recycle0 = TRUE)), "\n"), sep = "")
}

# $0.023, $1.20; a dash for what is not known.
usd_text <- function(x) ifelse(is.na(x), "-", ifelse(!is.na(x) & x >= 1, sprintf("$%.2f", x), sprintf("$%.3f", x)))
