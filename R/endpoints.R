# Models behind endpoints: deployed, asked, listed, deleted.

#' Put a model behind an endpoint
#'
#' `deploy()` starts instances that serve a model and waits until they are well; `endpoint()` comes back to one that is
#' there. On this machine an endpoint ends by itself when its time is over; on SageMaker it costs money until
#' [endpoint_delete()].
#'
#' A model is served by code that travels with it: `predict_fn(model, data)` in `predict.R`, as [serve_model()] has it,
#' or in `predict.py`.
#'
#' @param model A folder with what a `model.tar.gz` has in it, or such an archive: a path, or an `s3://` URI. Or a
#'   training step of a run, as `"RUN.STEP"`; or the file of a job with one training step, which is run first.
#' @param name Name of the endpoint.
#' @param image The image that serves it. Default: shardr's `serving` for code in R and `python` for code in Python,
#'   else that which trained it.
#' @param code A file that defines `predict_fn(model, data)`, where it is not in the model's folder `code` already.
#' @param instance_count,instance_type How many instances of which type.
#' @param environment Named character vector: environment variables of the instances.
#' @param ttl_seconds Seconds after which an endpoint of this machine ends. Default: 4 hours.
#' @param wait `FALSE` returns at once.
#' @param engine `"local"`, this machine, or `"sagemaker"`. Default: `SHARDR_ENGINE`, else this machine.
#' @param runner How instances of this machine are started: `"auto"`, `"process"` or `"docker"`.
#' @param role,bucket On SageMaker: ARN of the role that the model acts as, and the bucket that a file is uploaded to.
#' @returns An object of class `shardr_endpoint`, a list with what [endpoints()] tells. Errors:
#'   `shardr_error_job_failed` with the script's own error when the model cannot be served, `shardr_error_spec_invalid`
#'   for what is no model, `shardr_error_not_found` where there is no such run, step or endpoint.
#' @seealso [predict.shardr_endpoint()], [endpoints()]
#' @export
#' @examples
#' \dontrun{
#' dir.create("braking/code", recursive = TRUE)
#' saveRDS(lm(dist ~ speed, cars), "braking/model.rds")
#' writeLines("predict_fn <- function(model, data) predict(model, data)", "braking/code/predict.R")
#' braking <- deploy("braking", "braking")
#' predict(braking, data.frame(speed = c(10, 20)))
#' endpoint_delete(braking)
#'
#' prices <- deploy("first.train", "prices", code = "predict.R")
#' }
deploy <- function(model, name, image = NULL, instance_count = 1, instance_type = "ml.m5.large", environment = NULL,
                   ttl_seconds = 4 * 3600, wait = TRUE, engine = NULL, runner = NULL, role = NULL, bucket = NULL,
                   code = NULL) {
  call <- environment()
  given <- list(
    model = as_text(model), name = as_text(name), image = as_text(image), instance_count = as_whole(instance_count),
    instance_type = as_text(instance_type), environment = as_text_map(environment),
    ttl_seconds = as_whole(ttl_seconds), wait = as_flag(wait), engine = as_text(engine), runner = as_text(runner),
    role = as_text(role), bucket = as_text(bucket), code = as_text(code)
  )
  given <- checked(given, "spec_invalid", "No model can be deployed so.", call)
  for (file in c("model", "code")) {
    if (!is.null(given[[file]]) && file.exists(given[[file]])) given[[file]] <- normalizePath(given[[file]])
  }
  new_endpoint(python_call("deploy", given, call), engine)
}

#' @rdname deploy
#' @export
endpoint <- function(name, engine = NULL) {
  call <- environment()
  new_endpoint(python_call("endpoint", endpoint_given(name, engine, call), call), engine)
}

#' Ask a model behind an endpoint
#'
#' The rows go as CSV, in as many requests as their size needs.
#'
#' @param object An endpoint of [deploy()] or [endpoint()].
#' @param newdata A data frame; a missing value is an empty field.
#' @param header Whether the names of the columns go before the rows, as `text/csv; header=present`. Default: where
#'   shardr's own images serve the model by code. Other images take a first line for a row.
#' @param ... Not used.
#' @returns A data frame with a row for each row of `newdata`, in order; its columns are `V1`, `V2` and so on. Errors:
#'   `shardr_error_invocation` with what the model says, `shardr_error_data` when it does not answer each row.
#' @export
#' @examples
#' \dontrun{
#' predict(endpoint("prices"), houses)
#' }
predict.shardr_endpoint <- function(object, newdata, header = NULL, ...) {
  call <- environment()
  if (!is.data.frame(newdata)) {
    shardr_abort("data", paste0("newdata: found ", shown(newdata), ", expected a data frame."), call = call)
  }
  if (nrow(newdata) == 0L) return(data.frame())
  lines <- request_lines(newdata)
  if (any(grepl("[\r\n]", lines))) {
    shardr_abort(
      "data", "A text in the data has a line end.", fix = "Replace it: models read rows by their line ends.",
      call = call
    )
  }
  told <- checked(list(header = as_flag(header)), "data", "The rows cannot be sent so.", call)
  names <- paste(csv_quoted(enc2utf8(names(newdata))), collapse = ",")
  given <- c(endpoint_given(object$name, object$engine, call), list(lines = as.list(lines), names = names), told)
  found <- python_call("endpoint_predict", given, call)
  answers <- enc2utf8(unlist(found$lines))
  answers[!nzchar(answers)] <- "NA" # an empty line would be no row
  utils::read.csv(text = answers, header = FALSE, stringsAsFactors = FALSE, encoding = "UTF-8")
}

#' All endpoints, and what they cost
#'
#' @inheritParams deploy
#' @returns A data frame of class `shardr_endpoints` with a row for each endpoint, the newest first: `name`, `status`,
#'   `instances`, `created` (time), `age_seconds`, `left_seconds` (`NA` for one that does not end by itself),
#'   `usd_per_day` and `failure`. `usd_per_day` is what the instances cost on SageMaker; those of this machine cost
#'   nothing. `NA` where no price is known.
#' @export
#' @examples
#' \dontrun{
#' endpoints()
#' }
endpoints <- function(engine = NULL) {
  call <- environment()
  given <- checked(list(engine = as_text(engine)), "not_found", "No endpoints are named by this.", call)
  found <- python_call("endpoints", given, call)
  listed <- data.frame(
    name = column(found, "name", ""), status = column(found, "status", ""), instances = column(found, "instances", 0),
    created = time_column(found, "created"), age_seconds = column(found, "age_seconds", 0),
    left_seconds = column(found, "left_seconds", 0), usd_per_day = column(found, "usd_per_day", 0),
    failure = column(found, "failure", "")
  )
  structure(listed, class = c("shardr_endpoints", "data.frame"))
}

#' @export
print.shardr_endpoints <- function(x, ...) {
  shown <- c("name", "status", "instances", "age_seconds", "left_seconds", "usd_per_day")
  if (printed_plainly(x, shown, ...)) return(invisible(x))
  columns <- list(
    endpoint = x$name, status = x$status, instances = each_text(x$instances, counted),
    age = each_text(x$age_seconds, age_text), "time left" = each_text(x$left_seconds, age_text),
    "$/day" = each_text(x$usd_per_day, function(usd) if (is.na(usd)) "-" else sprintf("%.2f", usd))
  )
  writeLines(if (nrow(x)) table_lines(columns, names(columns)[-(1:2)]) else "no endpoint is there")
  for (i in which(!is.na(x$failure))) {
    writeLines(paste0(x$name[[i]], ": ", strsplit(x$failure[[i]], "\n", fixed = TRUE)[[1L]]))
  }
  invisible(x)
}

#' Delete an endpoint
#'
#' Its instances end, and the configuration and the model that [deploy()] made for it go with it.
#'
#' @param endpoint An endpoint of [deploy()], or its name.
#' @param engine Where an endpoint is that is given by its name.
#' @returns The name, invisibly. Error: `shardr_error_not_found` when there is none.
#' @export
#' @examples
#' \dontrun{
#' endpoint_delete("prices")
#' }
endpoint_delete <- function(endpoint, engine = NULL) {
  call <- environment()
  ours <- inherits(endpoint, "shardr_endpoint")
  given <- endpoint_given(if (ours) endpoint$name else endpoint, if (ours) endpoint$engine else engine, call)
  invisible(python_call("endpoint_delete", given, call)$name)
}

#' @export
print.shardr_endpoint <- function(x, ...) {
  writeLines(paste0("<endpoint ", x$name, "> ", x$status, ", ", count_of(x$instances, "instance")))
  invisible(x)
}

new_endpoint <- function(found, engine) structure(c(found, list(engine = engine)), class = "shardr_endpoint")

endpoint_given <- function(name, engine, call) {
  checked(list(name = as_text(name), engine = as_text(engine)), "not_found", "No endpoint is named by this.", call)
}

# A line of CSV for each row, numbers with all their digits; points in time as the standard spells them.
request_lines <- function(rows) {
  columns <- lapply(unclass(rows), function(values) {
    csv_cell(if (inherits(values, "POSIXt")) format(values, "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC") else plain_cells(values))
  })
  enc2utf8(do.call(paste, c(unname(columns), sep = ",")))
}

plain_cells <- function(values) if (is.object(values)) as.character(values) else values

# 3h 20m, 5m, 12s; a dash for what has no end.
age_text <- function(x) {
  if (is.na(x)) return("-")
  if (x < 60) return(sprintf("%.0fs", x))
  hours <- x %/% 3600
  minutes <- (x %% 3600) %/% 60
  if (hours > 0) sprintf("%.0fh %02.0fm", hours, minutes) else sprintf("%.0fm", minutes)
}
