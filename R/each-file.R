# The files of a shard side by side: a script says what to do with one file, and every core has one to work on.

#' Call a function for each file, on all cores of the instance
#'
#' Files that need nothing of each other are worked on side by side, by copies of this R process (forks); on Windows,
#' which has no forks, one after the other. What the function assigns outside itself is therefore lost: let it write
#' files, and return what is needed after that, best something small such as a count.
#'
#' @param files Paths, as [shard_files()] gives them. None is fine.
#' @param f Function of one path.
#' @param cores Number of processes. By default one for each core of the instance.
#' @returns A list of what `f` returned, in the order of `files`. The first error that `f` raised is raised here, when
#'   the other files are done; `shardr_error_data` names a file whose process was killed, as happens when memory runs
#'   out.
#' @seealso [shard_files()], [read_channel()]
#' @export
#' @examplesIf file.exists("/opt/ml/config/processingjobconfig.json")
#' rows <- each_file(shard_files("raw"), function(file) nrow(read_channel("raw", files = file)))
#' sum(unlist(rows))
each_file <- function(files, f, cores = NULL) {
  call <- environment()
  if (is.null(cores)) cores <- parallel::detectCores()
  cores <- if (.Platform$OS.type == "windows") 1L else min(cores, length(files), na.rm = TRUE)
  if (cores <= 1L) return(lapply(files, f))
  # Wrapped, so that a NULL of `f` can be told from the NULL that a killed process leaves. The warning about those is
  # replaced by an error.
  done <- suppressWarnings(parallel::mclapply(
    files, function(file) tryCatch(list(f(file)), error = identity),
    mc.cores = cores
  ))
  for (i in seq_along(files)) {
    if (inherits(done[[i]], "error")) rlang::cnd_signal(done[[i]])
    if (!is.list(done[[i]])) {
      container_abort(
        c("The process for {.file {files[[i]]}} was killed.", "i" = "Too little memory? Try {.code cores = 1}."),
        "data", call
      )
    }
  }
  lapply(done, `[[`, 1L)
}
