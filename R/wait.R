# Waiting for a run: looking at it again and again, showing how it stands, and letting go of it on Ctrl-C.

over <- c("Completed", "Failed", "Stopped")
poll_seconds <- c(first = 0.01, last = 0.1)

wait_for <- function(run, progress, error, call) {
  tryCatch(
    run <- watch(run, progress, call),
    interrupt = function(e) {
      cli::cli_inform(c(
        "!" = "Detached: run {.val {run$id}} goes on.",
        "i" = "{.code job_wait(\"{run$id}\")} comes back to it, {.code job_stop(\"{run$id}\")} stops it."
      ))
      rlang::interrupt()
    }
  )
  if (error && run$status != "Completed") run_failed(run, call)
  run
}

watch <- function(run, progress, call) {
  pause <- poll_seconds[["first"]]
  # an account of AWS has a quota of looks
  longest <- if (identical(run$runner, "sagemaker")) 5 else poll_seconds[["last"]]
  if (progress) {
    shown <- progress_new(run)
    on.exit(cli::cli_progress_done(id = shown$bar))
  }
  while (!run$status %in% over) {
    Sys.sleep(pause)
    pause <- min(pause * 1.3, longest)
    run <- refreshed(run$id, call)
    if (progress) shown <- progress_show(shown, run)
  }
  run
}

run_failed <- function(run, call) {
  failed <- Filter(function(step) !is.null(step$failure), run$steps)
  problems <- lapply(failed, function(step) problem(step$failure, step$fix, paste0("step \"", step$name, "\"")))
  what <- switch(run$status, Stopped = "was stopped", Stopping = "is being stopped", "failed")
  shardr_abort(
    "job_failed", paste0("Run ", run$id, " ", what, "."), unname(problems),
    fix = paste0("job_logs(\"", run$id, "\") has what the scripts printed."), run = run, call = call
  )
}

# One line for each step that is over, and a status bar of the steps that are not, where the terminal can show one.
progress_new <- function(run) {
  cli::cli_inform(c("i" = "Run {.val {run$id}}"))
  bar <- cli::cli_progress_bar(
    format = "{cli::pb_spin} {cli::pb_status}", total = NA, clear = TRUE, .auto_close = FALSE
  )
  progress_show(list(bar = bar, told = character()), run)
}

progress_show <- function(shown, run) {
  for (step in run$steps) {
    if (step$status %in% over && !step$name %in% shown$told) {
      shown$told <- c(shown$told, step$name)
      line <- as_shown(step_result(step))
      cli::cli_inform(rlang::set_names(line, if (step$status == "Completed") "v" else "x"))
    }
  }
  open <- Filter(function(step) !step$status %in% over, run$steps)
  cli::cli_progress_update(status = paste(vapply(open, step_state, ""), collapse = ", "), id = shown$bar)
  shown
}

step_result <- function(step) {
  if (step$status != "Completed") return(paste0(step$name, ": ", tolower(step$status)))
  rows <- if (!is.null(step$rows_in) && !is.null(step$rows_out)) {
    paste0(", ", counted(step$rows_in), " rows in, ", counted(step$rows_out), " out")
  }
  paste0(step$name, ": ", count_of(step$instances, "instance"), rows, ", ", seconds_text(step$seconds), " s")
}

step_state <- function(step) {
  if (step$status == "Pending") return(paste(step$name, "waits"))
  states <- table(vapply(step$hosts, function(host) state_words(host$state), ""))
  hosts <- paste(states, names(states), collapse = ", ")
  told <- c(if (length(states)) hosts, step_streams(step))
  paste0(step$name, " runs", if (length(told)) paste0(" (", paste(told, collapse = "; "), ")"))
}

state_words <- function(state) {
  known <- c(InProgress = "running", Completed = "done", Failed = "failed", Stopped = "stopped")
  if (state %in% names(known)) known[[state]] else tolower(state)
}
