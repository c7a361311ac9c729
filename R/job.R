# The verbs that take a description: validate, plan, submit, run, wait.

#' Check a job
#'
#' Looks at the description and at the files that it names; nothing is run and nothing is written.
#'
#' @param x A [pipeline()], or the path of a job file (`job.yml`, `job.json`). Relative paths in a pipeline start from
#'   the working directory, those in a file from its folder.
#' @param ... Nothing: what follows goes by its name. Values of parameters go into `set`.
#' @param set Values of parameters, as `list(instances = 4)` or `c(data = "folder")`.
#' @returns `x`, invisibly. An error of class `shardr_error_spec_invalid` lists every problem with its place.
#' @export
#' @examples
#' \dontrun{
#' job_validate("job.yml", set = list(instances = 4))
#' }
job_validate <- function(x, ..., set = list()) {
  refuse_dots(list(...), names(formals()), environment())
  asked <- job_arguments(x, set, NULL, environment())
  python_call("validate", asked[c("spec", "base", "set")], environment())
  invisible(x)
}

#' See what a job would do
#'
#' Compiles every request, deals the objects out to the instances, and runs nothing.
#'
#' @inheritParams job_validate
#' @param runner How an instance is started: `"auto"`, `"process"`, `"docker"`. Default: what the environment variable
#'   `SHARDR_RUNNER` says, else what the description says.
#' @param engine Where it runs: `"local"`, this machine, or `"sagemaker"`. Default: what the environment variable
#'   `SHARDR_ENGINE` says, else this machine.
#' @param role On SageMaker: ARN of the role that the jobs act as. Default: that of the description, `SAGEMAKER_ROLE`,
#'   else your own execution role.
#' @param bucket On SageMaker: the bucket that holds code, data and outputs. Default: `SHARDR_BUCKET`, else
#'   `sagemaker-<region>-<account>`.
#' @param diff Whether to compare what would be sent with the last run of that name on that engine.
#' @returns A list of class `shardr_plan`: `name`, `runner`, `steps`, `notices` (what is not known yet and what
#'   SageMaker does not do) and `calls` (what is sent, where that is not the requests of the steps). A step has `needs`,
#'   `jobs`, `instance_count`, `image`, `entrypoint`, `arguments`, `shards` (what each instance gets of each input) and
#'   `requests` (the `CreateProcessingJob` requests). `as.data.frame()` gives the shard map: a row for each input of
#'   each instance with the number of `objects` and their `bytes`. With `diff = TRUE`, `plan$diff` has the `run` that
#'   was compared with (`NULL`: none), whether the requests `changed`, and the unified diff as `text`; it prints instead
#'   of the plan. Errors as in [job_validate()].
#' @export
#' @examples
#' \dontrun{
#' job_plan("job.yml", set = list(instances = 4))
#' job_plan("job.yml", engine = "sagemaker", diff = TRUE)
#' }
job_plan <- function(x, ..., set = list(), runner = NULL, engine = NULL, role = NULL, bucket = NULL, diff = FALSE) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  where <- list(engine = engine, role = role, bucket = bucket)
  asked <- checked(list(diff = as_flag(diff)), "spec_invalid", "The plan cannot be made.", call)
  plan <- python_call("plan", c(job_arguments(x, set, runner, call, where), asked), call)
  names(plan$steps) <- vapply(plan$steps, function(step) step$name, "")
  structure(plan, class = "shardr_plan")
}

#' Run a job
#'
#' `job_run()` starts a job and waits for it; `job_submit()` starts it and comes back at once; `job_wait()` waits for a
#' run that was started before, in this session or elsewhere on this machine. A run goes on when R ends. So does it when
#' the wait is interrupted: a message then says how to come back to it and how to stop it.
#'
#' @inheritParams job_plan
#' @param name Id of the run, which `jobs()`, `collect()` and the other verbs find it by. Default: a fresh one.
#' @param progress Whether to show how far an upload is, and how the steps stand while waiting. Default: in an
#'   interactive session.
#' @param error Whether a run that fails or is stopped is an error (default). With `FALSE` it is returned as it is.
#' @param run A run: what `job_submit()` gave, or its id.
#' @returns An object of class `shardr_run`: a list with `id`, `name`, `status`, `created` and `steps`, which prints
#'   as a table; `as.data.frame()` has a row for each step. `run$steps$filter$outputs$filtered` has the `uri`, the
#'   number of `rows` and the `files` of an output. Errors: `shardr_error_spec_invalid` before anything starts,
#'   `shardr_error_job_failed` with the run as its field `run`.
#' @seealso [collect()] for the result, [job_logs()] for what the scripts printed, [jobs()] for all runs.
#' @export
#' @examples
#' \dontrun{
#' folder <- shardr_example("bank-marketing", tempfile("bank"))
#' run <- job_run(file.path(folder, "job.yml"), set = list(instances = 3))
#' train <- collect(run, "split", "train")
#' }
job_run <- function(x, ..., set = list(), runner = NULL, engine = NULL, role = NULL, bucket = NULL, name = NULL,
                    progress = interactive(), error = TRUE) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  run <- submitted(x, set, runner, list(engine = engine, role = role, bucket = bucket), name, progress, call)
  wait_for(run, progress, error, call)
}

#' @rdname job_run
#' @export
job_submit <- function(x, ..., set = list(), runner = NULL, engine = NULL, role = NULL, bucket = NULL, name = NULL,
                       progress = interactive()) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  submitted(x, set, runner, list(engine = engine, role = role, bucket = bucket), name, progress, call)
}

submitted <- function(x, set, runner, where, name, progress, call) {
  given <- list(name = as_text(name), progress = as_flag(progress))
  given <- checked(given, "spec_invalid", "The run cannot be started.", call)
  new_run(python_call("submit", c(job_arguments(x, set, runner, call, where), given), call))
}

#' @rdname job_run
#' @export
job_wait <- function(run, ..., progress = interactive(), error = TRUE) {
  call <- environment()
  refuse_dots(list(...), names(formals()), call)
  wait_for(refreshed(run_id(run, call), call), progress, error, call)
}

# What is no argument, and close to none, is a parameter of the job more often than not.
refuse_dots <- function(dots, known, call) {
  problems <- lapply(unused_arguments(dots, known), function(found) {
    if ("set" %in% known && nzchar(found$path) && !grepl("did you mean", found$message, fixed = TRUE)) {
      value <- shown(dots[[found$path]])
      found$fix <- paste0("a parameter of the job? Write set = list(", found$path, " = ", value, ")")
    }
    found
  })
  if (length(problems)) shardr_abort("spec_invalid", "Not all arguments can be used.", problems, call = call)
}

# The arguments that validate, plan and submit have in common.
job_arguments <- function(x, set, runner, call, where = list()) {
  if (inherits(x, "shardr_pipeline")) {
    spec <- spec_tree(x)
    base <- attr(x, "base") %||% getwd()
  } else if (is.character(x) && length(x) == 1L && !is.na(x)) {
    spec <- absolute(x)
    base <- dirname(spec)
  } else {
    shardr_abort(
      "spec_invalid", paste0("Found ", shown(x), ", expected a pipeline or the path of a job file."),
      fix = "Make one with pipeline() and processing_step().", call = call
    )
  }
  asked <- list(spec = spec, base = enc2utf8(base), set = as_set(set, call), runner = as_runner(runner, call))
  c(asked, as_where(where, call))
}

engines <- c("local", "sagemaker")

# Which engine, and as whom and where on it.
as_where <- function(where, call) {
  where <- lapply(where, as_text)
  engine <- where$engine
  known <- if (is.character(engine) && !engine %in% engines) {
    allowed <- paste0("\"", engines, "\"", collapse = ", ")
    said <- paste0("found ", shown(engine), ", expected one of ", allowed, did_you_mean(engine, engines))
    list(problem(said, path = "engine"))
  }
  checked(where, "spec_invalid", "This is no place to run.", call, as.list(known))
}

as_runner <- function(runner, call) {
  runner <- as_text(runner)
  known <- if (is.null(runner) || is_problem(runner)) list() else schema_problems(runner, runner_schema(), "runner")
  checked(list(runner = runner), "spec_invalid", "The runner is not known.", call, known)[["runner"]]
}

runner_schema <- function() part_schema()$properties$runner

# Values of parameters as R users write them: a named vector or list of single values.
as_set <- function(set, call) {
  if (length(set) == 0L) return(empty_map())
  if (!is.vector(set) || !has_names(set)) {
    shardr_abort(
      "spec_invalid", "`set` must name each of its values.", fix = "Write set = list(instances = 4).", call = call
    )
  }
  values <- rlang::set_names(lapply(set, as_value), paste0("set$", names(set)))
  checked(values, "spec_invalid", "`set` has values that no parameter can take.", call)
  rlang::set_names(values, names(set))
}
