# The package's own help page. Nothing happens at load: an instance pays for what its script uses, and for no more.

#' shardr: run scripts in parallel over shards of data
#'
#' The same script on N instances in parallel, over shards of the data, and one merged result back as a data frame.
#' The script sees what it would see in an Amazon SageMaker processing job, and this machine runs it.
#'
#' @section The first three commands:
#' ```
#' folder <- shardr_example("bank-marketing")                    # a job to try and to change
#' run <- job_run(file.path(folder, "job.yml"))                  # runs it and waits
#' train <- collect(run, "split", "train")                       # one data frame
#' ```
#' Each says what to do when something is missing: [install_python()] brings the Python half, which the verbs that run
#' jobs need, and [doctor()] tells what else the machine lacks. `vignette("shardr")` and the
#' example's `bank-marketing.Rmd` tell the whole story of a job.
#'
#' @section Where things are:
#' * Describe a job: [pipeline()], [processing_step()], [training_step()], [transform_step()], [job_input()], or a file
#'   `job.yml`.
#' * Look before it runs: [job_validate()], [job_plan()]. Ask what it costs: [job_estimate()], [job_advise()].
#' * Run it: [job_run()], [job_submit()], [job_stop()]. Look at it: [jobs()], [job_describe()], [job_logs()],
#'   [job_metrics()].
#' * Ask a model: [batch_transform()], or [deploy()] and [predict()][predict.shardr_endpoint()].
#' * Get a result: [collect()]. Make shards of one big file: [split_file()].
#' * In the script of an instance: [channel()], [read_channel()], [write_output()], [shard()], [job_message()].
#' * In containers: [images()], [image_build()], [image_init()], [image_push()], [image_conformance()], [job_parity()].
#'
#' @section Errors:
#' Every error is a condition of class `shardr_error` and of `shardr_error_<code>`, and has the fields `code` and
#' `problems`, a data frame with one row (`path`, `message`, `fix`) for each thing that is wrong.
#'
"_PACKAGE"

# What is found out once per session: the schema of the spec, and the Python half.
the <- new.env(parent = emptyenv())
