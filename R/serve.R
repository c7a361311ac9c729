# SageMaker on this machine for other clients: a server, or a session in this process.

#' SageMaker on this machine for every client
#'
#' Starts a server that answers as SageMaker, CloudWatch Logs, STS, IAM and S3 do, and tells this session where it is:
#' the SageMaker SDK through reticulate, `paws`, `aws.s3` or the AWS CLI in [system2()] then run their jobs here,
#' unchanged. The jobs are those of [jobs()]. One that runs already is taken as it is; it goes on when this session
#' ends.
#'
#' `serve()` sets environment variables of this session (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `HTTPS_PROXY` and
#' others), `serve_stop()` ends the server and sets them back. Only this machine can reach the server.
#'
#' @param port Port of the APIs. Default: that of the last time, or one that is free.
#' @param runner How instances are started: `"auto"`, `"process"` or `"docker"`. Default: `SHARDR_RUNNER`, else
#'   `"auto"`.
#' @param check_signatures `TRUE` answers only what is signed with the server's keys, which are in
#'   `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
#' @returns `serve()`: a named character vector of what listens where, invisibly. `serve_stop()`: whether there was a
#'   server, invisibly. Errors: `shardr_error_runner_unavailable` when something it needs is missing,
#'   `shardr_error_name_in_use` when a server runs that is not as asked for.
#' @seealso [local_session()] needs no server.
#' @export
#' @examples
#' \dontrun{
#' serve()
#' sagemaker <- reticulate::import("sagemaker")
#' sagemaker$Session()$default_bucket()
#' serve_stop()
#' }
serve <- function(port = NULL, runner = NULL, check_signatures = FALSE) {
  call <- environment()
  how <- list(port = as_whole(port), runner = as_text(runner), check_signatures = as_flag(check_signatures))
  served <- python_call("serve", checked(how, "runner_unavailable", "No server can be started so.", call), call)
  set <- unlist(served$environment)
  if (is.null(the$before_serve)) the$before_serve <- Sys.getenv(c(names(set), unlist(served$cleared)), NA, names = TRUE)
  do.call(Sys.setenv, as.list(set))
  Sys.unsetenv(unlist(served$cleared))
  python_environment(set, unlist(served$cleared))
  where <- c(sagemaker = served$url, s3 = served$s3_url, proxy = served$proxy_url)
  cli::cli_inform(c(
    i = "SageMaker, CloudWatch Logs, STS and IAM are at {.url {where[[1]]}}, S3 is at {.url {where[[2]]}}."
  ))
  invisible(where)
}

#' @rdname serve
#' @export
serve_stop <- function() {
  was <- python_call("serve_stop", empty_map(), environment())
  before <- the$before_serve
  if (!is.null(before)) {
    set <- before[!is.na(before)]
    unset <- names(before)[is.na(before)]
    if (length(set)) do.call(Sys.setenv, as.list(set))
    Sys.unsetenv(unset)
    python_environment(set, unset)
    the$before_serve <- NULL
  }
  invisible(!is.null(was))
}

#' A boto3 session that this machine answers
#'
#' A real `boto3.Session`, through reticulate, whose clients of SageMaker, CloudWatch Logs, STS and IAM are answered in
#' this process: no server, no network, no account. That of S3 reads and writes the objects of this machine. The
#' SageMaker SDK takes it as `boto_session`.
#'
#' @param home Folder where jobs and objects are kept. Default: `SHARDR_HOME`, as everywhere.
#' @inheritParams serve
#' @returns A Python object: the session.
#' @seealso [serve()] for clients that take no session.
#' @export
#' @examples
#' \dontrun{
#' session <- local_session()
#' session$client("sagemaker")$list_processing_jobs()
#' sagemaker <- reticulate::import("sagemaker")
#' sagemaker$Session(boto_session = session)$default_bucket()
#' }
local_session <- function(home = NULL, runner = NULL) {
  call <- environment()
  given <- list(home = as_text(home), runner = as_text(runner))
  given <- checked(given, "runner_unavailable", "This names no session.", call)
  python_session(given$home, given$runner, call)
}
