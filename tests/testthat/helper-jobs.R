# A world for the verbs: a folder with data and scripts, and a home for its jobs, in one line.

# A fresh working directory with `dataset/` (three files, five rows) and scripts, and an empty SHARDR_HOME.
# Skips where the Python half is not there: describing jobs needs R alone, running them does not.
local_job_folder <- function(env = parent.frame()) {
  found <- tryCatch(python_door(NULL), shardr_error_python_missing = identity)
  if (inherits(found, "condition")) {
    skip(paste("the Python half is not there:", cli::ansi_strip(conditionMessage(found))))
  }
  folder <- withr::local_tempdir(if (l10n_info()[["UTF-8"]]) "job \u00e9" else "job ", .local_envir = env)
  # a daemon that is there or not changes no test that is not about it
  withr::local_envvar(SHARDR_HOME = file.path(folder, "home"), SHARDR_RUNNER = "process", .local_envir = env)
  withr::local_dir(folder, .local_envir = env)
  dir.create("dataset")
  put_lines("dataset/1.csv", c("a,b", "1,x", "NA,\u00e9"))
  put_lines("dataset/2.csv", c("a,b", "3,NA"))
  put_lines("dataset/3.csv", c("a,b", "4,\"y,z\"", "5,x"))
  put_lines("copy.R", c(
    "x <- shardr::read_channel(\"raw\")",
    "cat(\"rows\", nrow(x), \"\\n\")",
    "shardr::write_output(x, \"copied\", file = paste0(shardr::shard()$host, \".csv\"))"
  ))
  put_lines("fail.R", c(
    "if (shardr::shard()$rank == 1) stop(\"no {luck} here\")",
    "cat(\"fine\\n\")"
  ))
  put_lines("sleep.R", "Sys.sleep(60)")
  folder
}

put_lines <- function(path, lines) {
  con <- file(path, "wb")
  on.exit(close(con))
  writeLines(enc2utf8(lines), con, useBytes = TRUE)
}

# One step that copies its rows, on two instances.
copy_job <- function(...) {
  pipeline("copy", ...) |>
    processing_step(
      "copy",
      code = "copy.R", inputs = job_input("raw", "dataset/", distribution = "ShardedByS3Key"),
      outputs = "copied", instance_count = 2, expect = rows_preserved()
    )
}

fail_job <- function() pipeline("bad", processing_step("b", code = "fail.R", instance_count = 2))

# What differs from run to run, replaced: ids of runs, folders, seconds.
steady <- function(lines) {
  lines <- gsub("(copy|bad|slow|train)-[0-9]{6}-[0-9]{6}-[0-9a-f]{4}", "RUN", lines)
  lines <- gsub("[^ \"(]*/job [^/]*/", "FOLDER/", lines)
  gsub(" +[0-9]+[.][0-9]+", " 0.0", lines)
}
