# A world for scripts: instances of a processing job as folders, in one line.

# Makes what one instance finds under /opt/ml; returns the folder for SHARDR_BASE_DIR.
fake_opt_ml <- function(inputs = "raw", outputs = "filtered", host = "algo-1", hosts = host, env = parent.frame()) {
  base <- withr::local_tempdir("opt ml \u00e9", .local_envir = env)
  config <- function(name, value) {
    file <- file.path(base, "config", name)
    dir.create(dirname(file), showWarnings = FALSE)
    jsonlite::write_json(value, file, auto_unbox = TRUE, null = "null")
  }
  inside <- function(way, names) sprintf("/opt/ml/processing/%s/%s", way, names)
  config("resourceconfig.json", list(current_host = host, hosts = as.list(hosts)))
  config("processingjobconfig.json", list(
    ProcessingJobName = "test", RoleArn = NULL,
    ProcessingInputs = lapply(c(inputs, "code"), function(name) {
      list(InputName = name, S3Input = list(LocalPath = inside("input", name), S3DownloadMode = "StartOfJob"))
    }),
    ProcessingOutputConfig = list(Outputs = lapply(outputs, function(name) {
      list(OutputName = name, S3Output = list(LocalPath = inside("output", name)), KmsKeyId = NULL)
    }))
  ))
  for (name in c(inputs, "code")) dir.create(file.path(base, "processing", "input", name), recursive = TRUE)
  for (name in outputs) dir.create(file.path(base, "processing", "output", name), recursive = TRUE)
  base
}

# The same, and the test is in it until it ends.
in_instance <- function(..., env = parent.frame()) {
  base <- fake_opt_ml(..., env = env)
  withr::local_envvar(SHARDR_BASE_DIR = base, .local_envir = env)
  base
}

# Puts lines into a file of an input, below an instance's folder.
put_input <- function(base, name, file, lines) {
  path <- file.path(base, "processing", "input", name, file)
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  con <- base::file(path, "wb")
  on.exit(close(con))
  writeLines(enc2utf8(lines), con, useBytes = TRUE)
  path
}

in_output <- function(base, name, ...) file.path(base, "processing", "output", name, ...)
