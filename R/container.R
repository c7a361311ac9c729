# What a script can ask about the instance it runs in. The only R file that knows /opt/ml:
# everything else gets its paths from here, so a script written with these functions runs unchanged
# in a container, under bubblewrap, and below SHARDR_BASE_DIR where neither is there. Python: runtime/instance.py.

# Path below /opt/ml, or below what stands for it on this machine.
opt_ml <- function(...) {
  base <- sub("/+$", "", Sys.getenv("SHARDR_BASE_DIR"))
  file.path(if (nzchar(base)) base else "/opt/ml", ...)
}

# Paths in the job's configuration are written as a container sees them.
local_path <- function(path) {
  path <- sub("/+$", "", path)
  if (startsWith(paste0(path, "/"), "/opt/ml/")) paste0(opt_ml(), substring(path, 8)) else path
}

container_abort <- function(message, code, call, env = parent.frame()) {
  cli::cli_abort(message, class = c(paste0("shardr_error_", code), "shardr_error"), call = call, .envir = env)
}

read_config <- function(file, call) {
  places <- c(opt_ml("config", file), opt_ml("input", "config", file))
  path <- c(places[file.exists(places)], places)[1]
  if (!file.exists(path)) {
    container_abort(
      c(
        "Not inside an instance: {.path {path}} is missing.",
        "i" = "Run the script with {.code shardr run}, or set {.envvar SHARDR_BASE_DIR} to a folder that has it."
      ),
      "not_found", call
    )
  }
  read_json_file(path, call)
}

# A config file that a training job may lack.
config_or_nothing <- function(file, call) {
  path <- opt_ml("input", "config", file)
  if (file.exists(path)) read_json_file(path, call) else list()
}

read_json_file <- function(path, call) {
  tryCatch(
    jsonlite::fromJSON(path, simplifyVector = FALSE),
    error = function(e) {
      container_abort(
        c("{.path {path}} is not JSON.", "x" = "{conditionMessage(e)}"), "data", call,
        env = list2env(list(path = path, e = e))
      )
    }
  )
}

in_training <- function() {
  !file.exists(opt_ml("config", "processingjobconfig.json")) && dir.exists(opt_ml("input", "config"))
}

# The folders of the job as two named character vectors: inputs and outputs.
job_folders <- function(call) {
  if (in_training()) {
    channels <- as.character(names(config_or_nothing("inputdataconfig.json", call)))
    inputs <- vapply(channels, function(name) opt_ml("input", "data", name), "")
    return(list(inputs = inputs, outputs = c(model = opt_ml("model"), output = opt_ml("output", "data"))))
  }
  config <- read_config("processingjobconfig.json", call)
  folders <- function(entries, label, place) {
    paths <- lapply(entries, function(entry) entry[[place]][["LocalPath"]])
    names(paths) <- vapply(entries, function(entry) entry[[label]], "")
    # Inputs and outputs that the application moves by itself have no folder here.
    vapply(Filter(Negate(is.null), paths), local_path, "")
  }
  list(
    inputs = folders(config[["ProcessingInputs"]], "InputName", "S3Input"),
    outputs = folders(config[["ProcessingOutputConfig"]][["Outputs"]], "OutputName", "S3Output")
  )
}

# Folder of one name among `known`; the error lists the names there are.
named_folder <- function(name, known, what, call) {
  if (!is.character(name) || length(name) != 1L || is.na(name)) {
    container_abort("{.arg name} must be one {what}'s name, not {.obj_type_friendly {name}}.", "not_found", call)
  }
  if (!name %in% names(known)) {
    there <- if (length(known)) "This job has {.val {unique(names(known))}}." else "This job has none."
    container_abort(c("There is no {what} named {.val {name}}.", "i" = there), "not_found", call)
  }
  known[[name]]
}

#' Folder of an input or an output
#'
#' Gives the folder in which this instance finds the objects of an input channel, or puts the files of an output,
#' by the name it has in the job. The script needs no path of its own.
#'
#' @param name Name of an input or an output of the job. An input comes before an output of the same name. A training
#'   job has the outputs `model` and `output`.
#' @returns The path, as one string. An error of class `shardr_error_not_found` lists the known names when there is
#'   no such input or output, and says what to do when the script does not run in an instance.
#' @seealso [shard_files()] and [read_channel()] for what is in it, [write_output()] to put a table there.
#' @export
#' @examplesIf file.exists("/opt/ml/config/processingjobconfig.json")
#' channel("raw")
channel <- function(name) {
  folders <- job_folders(environment())
  named_folder(name, c(folders$inputs, folders$outputs), "input or output", environment())
}

#' Which instance is this, out of how many
#'
#' Reads `resourceconfig.json`. The hosts are ordered bytewise, so `algo-10` comes before `algo-2`: the rank is the
#' place in that list, never the number in the name.
#'
#' @returns A list of class `shardr_shard`: `rank` (from 0), `size` (number of instances), `host` (name of this
#'   instance) and `hosts` (names of all). An error of class `shardr_error_not_found` says what to do when the script
#'   does not run in an instance.
#' @seealso [shard_rows()] and [shard_groups()] to divide rows among the instances.
#' @export
#' @examplesIf file.exists("/opt/ml/config/resourceconfig.json")
#' shard()
shard <- function() {
  config <- read_config("resourceconfig.json", environment())
  hosts <- sort_bytes(as.character(unlist(config[["hosts"]])))
  host <- as.character(config[["current_host"]])
  rank <- match(host, hosts) - 1L
  if (length(rank) != 1L || is.na(rank)) {
    container_abort(
      c(
        "{.path resourceconfig.json} does not list this instance among its hosts.",
        "x" = "Found current_host {.val {host}} and hosts {.val {hosts}}."
      ),
      "data", environment()
    )
  }
  structure(list(rank = rank, size = length(hosts), host = host, hosts = hosts), class = "shardr_shard")
}

#' @export
format.shardr_shard <- function(x, ...) {
  sprintf("instance %d of %d: %s (rank %d)", x$rank + 1L, x$size, x$host, x$rank)
}

#' @export
print.shardr_shard <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  if (x$size > 1L) cat("hosts: ", paste(x$hosts, collapse = ", "), "\n", sep = "")
  invisible(x)
}

#' Row numbers of this instance
#'
#' Divides `n` rows among the instances, for inputs that every instance has whole (`FullyReplicated`). Instance `rank`
#' of `size` has the rows after `floor(rank * n / size)` up to `floor((rank + 1) * n / size)`: together the instances
#' have each row once, and their shares differ by one row at most.
#'
#' @param n Number of rows, a whole number up to 2^53. Rows past 2^31 are counted in doubles.
#' @returns The row numbers, from 1, in order: a compact sequence that takes no memory until it is changed, integer
#'   as long as the numbers fit; of length 0 when there are fewer rows than instances and none is left for this one.
#' @export
#' @examplesIf file.exists("/opt/ml/config/resourceconfig.json")
#' rows <- shard_rows(nrow(mtcars))
#' mtcars[rows, ]
shard_rows <- function(n) {
  if (!is.numeric(n) || length(n) != 1L || is.na(n) || n < 0 || n > 2^53 || n != floor(n)) {
    container_abort(
      c(
        "{.arg n} must be a whole number of rows from 0 to 2^53.",
        "x" = "Found {.obj_type_friendly {n}}{if (is.numeric(n)) paste0(': ', toString(n))}."
      ),
      "data", environment()
    )
  }
  here <- shard()
  bounds <- row_bounds(n, here$size, here$rank + 0:1)
  if (bounds[1] == bounds[2]) integer(0) else (bounds[1] + 1):bounds[2]
}

# floor(i * n / size), exactly: i * n itself may pass 2^53, so whole turns and rest are taken apart.
row_bounds <- function(n, size, i) {
  n <- as.numeric(n)
  i * (n %/% size) + (i * (n %% size)) %/% size
}

#' Files of an input channel on this instance
#'
#' Lists the objects that this instance got, whichever those are: with `ShardedByS3Key` its share, which may be empty.
#'
#' Files of zero bytes hold no records (folder markers of object stores, `_SUCCESS`) and are left out; so are hidden
#' files, and the files of another channel whose folder lies inside this one's (the script itself is such a channel).
#'
#' @param name Name of an input of the job.
#' @param pattern Regular expression for the file names (without folder), or `NULL` for all.
#' @returns Full paths, sub-folders included, in the bytewise order of the paths; `character(0)` for an empty shard.
#' @export
#' @examplesIf file.exists("/opt/ml/config/processingjobconfig.json")
#' shard_files("raw", pattern = "[.]csv$")
shard_files <- function(name, pattern = NULL) {
  files_of(name, pattern, environment())
}

files_of <- function(name, pattern, call) {
  inputs <- job_folders(call)$inputs
  folder <- named_folder(name, inputs, "input", call)
  files <- list.files(folder, pattern = pattern, full.names = TRUE, recursive = TRUE)
  inner <- inputs[startsWith(inputs, paste0(folder, "/"))]
  for (other in inner) files <- files[!startsWith(files, paste0(other, "/"))]
  files <- files[is.na(file.size(files)) | file.size(files) > 0]
  sort_bytes(files)
}

# The same order in every locale. Radix sorting refuses names whose encoding is not marked: bytes are bytes.
sort_bytes <- function(x) x[order_bytes(x)]

order_bytes <- function(x) {
  Encoding(x) <- "bytes"
  order(x, method = "radix")
}

#' Leave a message with the job
#'
#' The message becomes a line of `ExitMessage` in the description of a processing job, whether it completes or fails. A
#' second message takes the place of the first. A training job has no such message: there the text is printed.
#'
#' @param ... Text, pasted together without separator; whole numbers have no exponent, as `300000`. The service keeps
#'   1024 bytes of UTF-8: longer text is cut, at the end of a character.
#' @returns The text as written, invisibly.
#' @export
#' @examplesIf file.exists("/opt/ml/config/resourceconfig.json")
#' job_message("Kept ", 12, " of ", 15, " columns.")
job_message <- function(...) {
  read_config("resourceconfig.json", environment())
  parts <- lapply(list(...), function(part) if (is.numeric(part) && !is.object(part)) number_words(part) else part)
  text <- enc2utf8(do.call(paste0, c(parts, collapse = "\n")))
  # The service joins the messages of all instances without a mark: each ends its own line.
  if (nzchar(text) && !endsWith(text, "\n")) text <- paste0(text, "\n")
  # A message that is not UTF-8 makes the service fail the job: bytes that are none become <xx>.
  text <- iconv(text, "UTF-8", "UTF-8", sub = "byte")
  bytes <- utils::head(charToRaw(text), 1024L)
  # A cut inside a character leaves at most three bytes of it.
  while (!validUTF8(rawToChar(bytes))) bytes <- utils::head(bytes, -1L)
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  if (in_training()) {
    cat(text)
    return(invisible(text))
  }
  path <- opt_ml("output", "message")
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  writeBin(bytes, path)
  invisible(text)
}
