# The package's own help page. Nothing happens at load: an instance pays for what its script uses, and for no more.

#' shardr: run scripts in parallel over shards of data
#'
#' The same script on N instances in parallel, over shards of the data, and one merged result back as a data frame.
#' The script sees what it would see in an Amazon SageMaker processing job, and this machine runs it.
#'
#' Describe a job with [pipeline()] and [processing_step()], or in a file `job.yml`; look at it with [job_plan()]; run
#' it with [job_run()]; get a result with [collect()]. Inside an instance a script finds its data with [channel()],
#' [read_channel()] and [write_output()].
#'
#' The verbs that run jobs need the Python half of shardr, which [install_python()] brings. Describing a job and the
#' functions for scripts need R alone.
#'
#' Every error is a condition of class `shardr_error` and of `shardr_error_<code>`, and has the fields `code` and
#' `problems`, a data frame with one row (`path`, `message`, `fix`) for each thing that is wrong.
#'
#' @keywords internal
"_PACKAGE"

# What is found out once per session: the schema of the spec, and the Python half.
the <- new.env(parent = emptyenv())
