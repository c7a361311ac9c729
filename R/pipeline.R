# A job as data: a pipeline and its steps. Everything here describes and touches nothing.

#' Describe a job: a pipeline of steps
#'
#' `pipeline()` starts the description of a job, `processing_step()`, [training_step()] and [transform_step()] add a
#' step to it. Nothing runs and no file is looked at before a verb such as [job_plan()] or [job_run()] is called.
#'
#' Write what is natural in R: 2 is a whole number, one value is a list of one where a list is meant, a named vector is
#' a map. `NA` is refused everywhere. A text `"${name}"` stands for the value of the [parameter()] of that name.
#'
#' @param name Name of the pipeline or the step: letters, digits and single hyphens between them, at most 63.
#' @param ... For `pipeline()`, steps made without a pipeline. For `processing_step()` nothing:
#'   all arguments that follow go by their names.
#' @param description What the pipeline is for, in words.
#' @param parameters Named list of [parameter()]s: values to set from outside.
#' @param permute Seed, a whole number from 0, that permutes which instance gets which object: to prove that the
#'   scripts do not care. By default objects are dealt out in the order of their keys.
#' @param role On SageMaker: ARN of the IAM role that the jobs act as. Default: what the engine finds.
#' @param tags Tags of the jobs on SageMaker, for your bills and rules, as `c(project = "bank")`.
#' @param runner How an instance is started on this machine: `"process"`, a sandboxed process; `"docker"`, a container
#'   of the step's image; `"auto"` (default), docker when its daemon answers and has the images, else process.
#' @returns An object of class `shardr_pipeline`, or of class `shardr_step` for a step without a pipeline. An error of
#'   class `shardr_error_spec_invalid` lists all that is wrong with the arguments.
#' @seealso [job_input()], [job_output()], [rows_preserved()], [spec_json()]
#' @export
#' @examples
#' bank <- pipeline("bank-marketing") |>
#'   processing_step(
#'     "filter", code = "filter.R",
#'     inputs = job_input("raw", "dataset/", distribution = "ShardedByS3Key"),
#'     outputs = "filtered", instance_count = 2, expect = rows_preserved()
#'   ) |>
#'   processing_step(
#'     "split", code = "process.R",
#'     inputs = job_input("filtered", step_output("filter", "filtered")),
#'     outputs = c("train", "validation", "test"), expect = rows_partitioned()
#'   )
#' bank
pipeline <- function(name, ..., description = NULL, parameters = NULL, permute = NULL, runner = NULL,
                     role = NULL, tags = NULL) {
  fields <- list(
    name = as_text(if (missing(name)) NULL else name), description = as_text(description),
    parameters = as_parameters(parameters), runner = as_text(runner), role = as_text(role), tags = as_text_map(tags),
    permute = as_whole(permute),
    steps = as_steps(list(...))
  )
  new_part(fields, NULL, "shardr_pipeline", environment(), later = if (...length() == 0L) "steps")
}

#' @rdname pipeline
#' @param pipeline A pipeline to add the step to; leave it out to get the step alone.
#' @param code The script, relative to the working directory (for a job file: to its folder). Without it the program of
#'   the image runs.
#' @param inputs A [job_input()] or a list of them, at most 10; or simply sources with their names,
#'   as `c(raw = "dataset/")`.
#' @param outputs Names of outputs, or [job_output()]s, at most 10.
#' @param instance_count Number of instances, 1 to 100. Default: 1.
#' @param instance_type Kind of instance on SageMaker. Default: `"ml.m5.large"`.
#' @param command What runs the code, as `c("Rscript", "--vanilla")`. Default: what the ending of `code` says.
#' @param arguments Arguments of the script, as `c("--top", 10)`.
#' @param environment Environment variables of the script, as `c(LEVEL = "debug")`.
#' @param image Image of the instances: one of shardr's (default `"processing"`), or any image URI.
#' @param volume_size_gb Disk of an instance, in GB. Default: 30.
#' @param max_runtime_seconds The job is stopped after this many seconds. Default: 86400, a day.
#' @param max_attempts How often a job of this step is tried before it counts as failed. Default: 1.
#' @param network_isolation `TRUE` cuts the instances off the network.
#' @param encrypt_traffic On SageMaker: `TRUE` encrypts what the instances tell each other.
#' @param subnets,security_group_ids On SageMaker: ids of the subnets of your VPC that the instances join, at most 16,
#'   and of their security groups, at most 5; both or none.
#' @param volume_kms_key,output_kms_key On SageMaker: KMS keys (id, ARN or alias) that encrypt the disks of the
#'   instances and the outputs.
#' @param cache On SageMaker: for how long an equal job that completed stands for this step, as `"P30D"` or `"PT12H"`.
#'   Equal are its code, command, arguments, environment, image and inputs, by their addresses.
#' @param depends_on Names of steps that must be complete first, besides those whose outputs are used.
#' @param when Whether the step is part of the run: `TRUE`, `FALSE`, or a comparison, as `"${mode} == script"`.
#' @param expect What must be true of the rows, or the job fails: see [rows_preserved()].
#' @param network_config,processor A `NetworkConfig`, and a `Processor` or `ScriptProcessor`, of the SageMaker SDK that
#'   reticulate brings: their settings hold where the step does not have its own. A processor's role and tags are the
#'   pipeline's.
#' @export
processing_step <- function(pipeline = NULL, name = NULL, ..., code = NULL, inputs = NULL, outputs = NULL,
                            instance_count = NULL, instance_type = NULL, command = NULL, arguments = NULL,
                            environment = NULL, image = NULL, volume_size_gb = NULL, max_runtime_seconds = NULL,
                            max_attempts = NULL, network_isolation = NULL, encrypt_traffic = NULL, subnets = NULL,
                            security_group_ids = NULL, volume_kms_key = NULL, output_kms_key = NULL, cache = NULL,
                            depends_on = NULL, when = NULL, expect = NULL, network_config = NULL,
                            processor = NULL) {
  fields <- list(
    outputs = as_outputs(outputs), expect = as_part(expect, "shardr_expect", "rows_preserved()")
  )
  new_step("processing", fields, list(...), environment())
}

# An object of one part of the spec, or one error with everything that is wrong with its fields. `later` names a
# required field that comes later, `more` are problems found elsewhere, `what` begins the message.
new_part <- function(fields, schema_name, class, call, more = list(), later = NULL, what = part_words[[class]]) {
  fields <- Filter(Negate(is.null), fields)
  wrong <- vapply(fields, is_problem, TRUE)
  problems <- Map(problem_at, fields[wrong], names(fields)[wrong])
  schema <- part_schema(schema_name)
  schema$required <- setdiff(unlist(schema$required), c(later, names(fields)[wrong]))
  problems <- c(more, unname(problems), schema_problems(boxed(plain(fields[!wrong]), schema), schema))
  if (length(problems)) {
    if (is.character(fields$name) && !wrong["name"]) what <- paste0(what, " \"", fields$name, "\"")
    count <- paste0(length(problems), " problem", if (length(problems) > 1L) "s")
    shardr_abort("spec_invalid", paste0(what, " has ", count, "."), problems, call = call)
  }
  structure(fields, class = c(class, "shardr_part"))
}

part_words <- list(
  shardr_pipeline = "The pipeline", shardr_input = "The input", shardr_output = "The output",
  shardr_step_output = "The step's output", shardr_manifest = "The manifest",
  shardr_known_model = "The model", shardr_expect = "The claim on rows", shardr_parameter = "The parameter"
)

# A part without its classes, all the way down; an empty map stays one.
plain <- function(x) {
  if (!is.list(x)) return(x)
  names <- names(x)
  x <- lapply(unclass(x), plain)
  if (is.null(names)) x else rlang::set_names(x, names)
}

as_part <- function(x, class, example) {
  if (is.null(x) || inherits(x, class)) return(x)
  problem(paste0("found ", shown(x), ", expected ", example), path = "")
}

as_steps <- function(x) {
  if (length(x) == 0L) return(NULL)
  wrong <- which(!vapply(x, inherits, TRUE, "shardr_step"))
  if (length(wrong)) {
    place <- wrong[1]
    name <- if (has_names(x[place])) names(x)[place] else paste0("..", place)
    fix <- "make it with processing_step(), training_step() or transform_step()"
    return(problem(paste0(name, " is ", shown(x[[place]]), ", expected a step"), fix))
  }
  names <- vapply(x, function(step) step$name, "")
  twice <- names[duplicated(names)]
  if (length(twice)) problem(paste0("\"", twice[1], "\" is the name of two steps")) else unname(x)
}

as_parameters <- function(x) {
  if (is.null(x)) return(NULL)
  if (!is.list(x) || (length(x) && !has_names(x))) {
    return(problem("expected a named list", "write list(instances = parameter(\"integer\", 2))"))
  }
  wrong <- which(!vapply(x, inherits, TRUE, "shardr_parameter"))
  if (length(wrong)) {
    found <- x[[wrong[1]]]
    example <- paste0("write parameter(\"", if (is.numeric(found)) "integer" else "string", "\", ", shown(found), ")")
    return(problem(paste0("found ", shown(found), ", expected a parameter()"), example, path = names(x)[wrong[1]]))
  }
  if (length(x)) x else empty_map()
}
