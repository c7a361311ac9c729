# What kinds of step have in common: the arguments of their builders, and how they become a step.

# A step of one kind, out of the frame of its builder: `own` are the fields that only this kind has, `dots` what no
# argument took. It is added to the pipeline, if there is one.
new_step <- function(kind, own, dots, call) {
  readers <- step_readers()
  readers <- readers[names(readers) %in% names(call)] # what asks a model has no script
  given <- mget(names(readers), envir = call)
  extra <- unused_in_step(kind, dots)
  alone <- !inherits(call$pipeline, "shardr_pipeline")
  if (alone && !is.null(call$pipeline)) {
    if (!is.null(given$name)) {
      extra <- c(extra, list(problem(
        "only the pipeline and the name go without a name", paste0("write code = ", shown(given$name)), path = "name"
      )))
    }
    given["name"] <- list(call$pipeline)
  }
  fields <- c(Map(function(read, value) read(value), readers, given), own)
  taken <- lapply(intersect(c("network_config", "processor"), names(call)), function(name) {
    fields_of_sdk(name, call[[name]], call)
  })
  fields <- c(Filter(Negate(is.null), fields), unlist(taken, recursive = FALSE))
  fields <- fields[!duplicated(names(fields))]
  step <- new_part(fields, step_schemas[[kind]], "shardr_step", call, extra, what = paste("The", kind, "step"))
  if (alone) step else add_step(call$pipeline, step, call)
}

step_schemas <- c(processing = "ProcessingStep", training = "TrainingStep", transform = "TransformStep")

# How each argument that all builders have is read.
step_readers <- function() {
  list(
    name = as_text, image = as_text, command = as_texts, code = as_text, arguments = as_texts,
    environment = as_text_map, instance_count = as_whole, instance_type = as_text, volume_size_gb = as_whole,
    max_runtime_seconds = as_whole, max_attempts = as_whole, network_isolation = as_flag, encrypt_traffic = as_flag,
    subnets = as_texts, security_group_ids = as_texts, volume_kms_key = as_text, output_kms_key = as_text,
    cache = as_text, depends_on = as_texts, inputs = as_inputs,
    when = function(x) if (is.logical(x)) as_flag(x) else as_text(x)
  )
}

# The fields of a step that an object of the SageMaker SDK stands for.
fields_of_sdk <- function(name, x, call) {
  if (is.null(x)) return(NULL)
  wrong <- function(found) rlang::set_names(list(found), name)
  if (!is_python(x)) return(wrong(problem(paste0("found ", shown(x), ", expected an object of the SageMaker SDK"))))
  tryCatch(python_fields(name, x, call = call), shardr_error_spec_invalid = function(e) wrong(inner_problem(e)))
}

add_step <- function(pipeline, step, call) {
  if (step$name %in% step_names(pipeline)) {
    shardr_abort(
      "spec_invalid", paste0("Pipeline \"", pipeline$name, "\" has a step \"", step$name, "\" already."),
      list(problem("each step needs a name of its own", path = "name")),
      call = call
    )
  }
  pipeline$steps <- c(pipeline$steps, list(step))
  pipeline
}

step_names <- function(pipeline) vapply(pipeline$steps, function(step) step$name, "")

# Arguments of a builder that it does not have; some are those of other kinds of step.
unused_in_step <- function(kind, dots) {
  builders <- list(processing = processing_step, training = training_step, transform = transform_step)
  known <- names(formals(builders[[kind]]))
  found <- unused_arguments(dots, known)
  lapply(found, function(one) {
    others <- names(Filter(function(builder) one$path %in% names(formals(builder)), builders))
    if (length(others) == 0L) return(one)
    only_for(others, paste0("use ", paste0(others, "_step()", collapse = " or ")), path = one$path)
  })
}

only_for <- function(kinds, ...) problem(paste("is for", paste(kinds, collapse = " and "), "steps only"), ...)

# Arguments that no formal took, with the one that was meant.
unused_arguments <- function(dots, known) {
  given <- names(dots) %||% rep("", length(dots))
  lapply(seq_along(dots), function(i) {
    if (nzchar(given[i])) {
      problem(paste0("is not an argument", did_you_mean(given[i], setdiff(known, "..."))), path = given[i])
    } else {
      problem(paste0("found ", shown(dots[[i]]), " without a name"), "give it the name of its argument")
    }
  })
}
