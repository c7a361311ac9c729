test_that("a run goes on while nobody waits, and is waited for by its id", {
  local_job_folder()
  run <- job_submit(copy_job())
  expect_false(run$status == "Completed")
  expect_identical(job_wait(run$id)$status, "Completed")
})

test_that("progress tells each step that is over, once", {
  local_job_folder()
  expect_snapshot(invisible(job_run(copy_job(), progress = TRUE)), transform = steady)
})

test_that("an interrupt lets go of the run, says how to come back, and stops the caller", {
  skip_on_os("windows")
  local_job_folder()
  code <- paste0(
    ".libPaths(", deparse1(.libPaths()), "); library(shardr);",
    "job_run(pipeline('slow', processing_step('s', code = 'sleep.R')), progress = TRUE); cat('went on')"
  )
  writeLines(code, "session.R")
  # A shell would start its job deaf to the interrupt; Python does not.
  put_lines("interrupt.py", c(
    "import pathlib, signal, subprocess, sys, time",
    "log = open('session.log', 'w')",
    "session = subprocess.Popen([sys.argv[1], 'session.R'], stdout=log, stderr=subprocess.STDOUT)",
    "end = time.time() + 60",
    "while 'Run' not in pathlib.Path('session.log').read_text():",
    "    assert time.time() < end",
    "    time.sleep(0.1)",
    "time.sleep(0.5)",
    "session.send_signal(signal.SIGINT)",
    "sys.exit(0 if session.wait(60) else 1)"
  ))
  status <- system2(Sys.which("python3"), c("interrupt.py", file.path(R.home("bin"), "Rscript")))
  expect_identical(status, 0L)
  told <- paste(readLines("session.log", encoding = "UTF-8"), collapse = " ")
  expect_match(told, "Detached: run \"slow-[^\"]+\" goes on")
  expect_match(told, "job_wait")
  expect_false(grepl("went on", told))
  id <- jobs()$run
  expect_identical(job_describe(id)$status, "InProgress")
  stopped <- job_stop(id)
  expect_s3_class(stopped, "shardr_run")
  expect_error(job_wait(id), "was stopped", class = "shardr_error_job_failed")
})
