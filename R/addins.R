# What RStudio's Addins menu offers: the job of the open project, its runs, and the log of the newest.

addin_run_job <- function() {
  file <- project_job_in(rstudio("getActiveProject")() %||% getwd(), environment())
  instances <- rstudio("showPrompt")(
    "Run job", "Number of instances (empty: as the job says)", default = ""
  )
  if (is.null(instances)) return(invisible())
  set <- if (nzchar(trimws(instances))) paste0(", set = c(instances = ", shown(trimws(instances)), ")")
  to_console(paste0("run <- shardr::job_run(", shown(file), set, ")"))
}

addin_jobs <- function() to_console("shardr::jobs()")

addin_logs <- function() {
  newest <- utils::head(jobs()$run, 1L)
  if (length(newest) == 0L) {
    shardr_abort("not_found", "There is no run yet.", fix = "Run a job first.", call = environment())
  }
  to_console(paste0("shardr::job_logs(", shown(newest), ", follow = TRUE)"))
}

# The line is run where the user sees it and can run it again.
to_console <- function(code) rstudio("sendToConsole")(code, execute = TRUE)

project_job_in <- function(folder, call) {
  found <- file.path(folder, c("job.yml", "job.yaml", "job.json"))
  found <- found[file.exists(found)]
  if (length(found)) return(found[1])
  shardr_abort("not_found", paste0("There is no job.yml in ", folder, "."), fix = "Open the project that has it.",
               call = call)
}

rstudio <- function(name) {
  rlang::check_installed("rstudioapi", reason = "for the add-ins")
  getExportedValue("rstudioapi", name)
}
