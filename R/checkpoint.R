# Checkpoints: what a training that was interrupted goes on from. Python: runtime/checkpoints.py.

#' Keep a checkpoint, or read it back
#'
#' Keeps a value where a training that was interrupted finds it again. Each instance has its own, under the name of its
#' host, and each write takes the place of the one before as a whole. Copies go to the step's `checkpoints`, from where
#' the job that is resumed gets them back.
#'
#' @param value Anything of R but `NULL`. Without it, the function reads.
#' @param name Name of the checkpoint, when a script has several.
#' @returns With a value that value, invisibly. Without: what was kept, or `NULL` when there is none.
#' @seealso [hyperparameters()], [save_model()]
#' @export
#' @examplesIf file.exists("/opt/ml/input/config/resourceconfig.json")
#' state <- checkpoint(name = "state")
#' if (is.null(state)) state <- list(epoch = 0)
#' checkpoint(list(epoch = state$epoch + 1), "state")
checkpoint <- function(value, name = "checkpoint") {
  call <- environment()
  check_output_name(name, call, "name", "the folder of the checkpoints")
  folder <- config_or_nothing("checkpointconfig.json", call)[["LocalPath"]]
  path <- file.path(if (is.null(folder)) opt_ml("checkpoints") else local_path(folder), paste0(name, ".rds"))
  path <- file.path(dirname(path), paste0(shard()$host, "-", basename(path)))
  if (missing(value)) return(if (file.exists(path)) read_checkpoint(path, call))
  if (is.null(value)) {
    container_abort(
      c("{.arg value} is NULL, which is no checkpoint.", "i" = "Leave it out to read what was kept."), "data", call
    )
  }
  write_whole(path, function(partial) saveRDS(value, partial), call)
  invisible(value)
}

read_checkpoint <- function(path, call) {
  tryCatch(
    suppressWarnings(readRDS(path)),
    error = function(e) {
      container_abort(
        c(
          "{.file {path}} is no checkpoint.",
          "x" = "{conditionMessage(e)}",
          "i" = "Remove it, here and where it is kept, to begin anew."
        ),
        "data", call,
        env = list2env(list(path = path, e = e), parent = environment(checkpoint))
      )
    }
  )
}
