# A world for training scripts: what one instance finds, in one line; the test is in it until it ends.
in_training_instance <- function(host = "algo-1", hosts = host, hyperparameters = NULL, channels = character(),
                                 env = parent.frame()) {
  base <- withr::local_tempdir("opt ml \u00e9", .local_envir = env)
  folder <- file.path(base, "input", "config")
  dir.create(folder, recursive = TRUE)
  config <- function(name, value) {
    jsonlite::write_json(value, file.path(folder, name), auto_unbox = TRUE, null = "null", digits = NA)
  }
  config("resourceconfig.json", list(current_host = host, hosts = as.list(hosts)))
  config("hyperparameters.json", if (length(hyperparameters)) hyperparameters else list(a = NULL)[0])
  if (length(channels)) {
    config("inputdataconfig.json", sapply(channels, function(name) list(TrainingInputMode = "File"), simplify = FALSE))
  }
  for (name in channels) dir.create(file.path(base, "input", "data", name), recursive = TRUE)
  withr::local_envvar(SHARDR_BASE_DIR = base, .local_envir = env)
  base
}

# The cases that both halves keep, or none where only the package is.
contract_cases <- function(name) {
  file <- testthat::test_path("..", "contract", name)
  testthat::skip_if_not(file.exists(file), "the contract cases are in the repository, not in the package")
  jsonlite::fromJSON(file, simplifyVector = FALSE)
}

file_text <- function(...) {
  path <- file.path(...)
  text <- readChar(path, file.size(path), useBytes = TRUE)
  Encoding(text) <- "UTF-8"
  text
}

# Bytes that a contract case has as hexadecimal digits.
from_hex <- function(text) {
  if (!nzchar(text)) return(raw())
  ends <- 2 * seq_len(nchar(text) / 2)
  as.raw(strtoi(substring(text, ends - 1, ends), 16L))
}
