# What a training job finds in modes Pipe and FastFile: of each clause a line that says kept, or what was found.
data <- "/opt/ml/input/data"
wait_seconds <- 5

# The path of an epoch, as soon as it is there.
named <- function(channel, epoch) {
  path <- file.path(data, paste0(channel, "_", epoch))
  until <- Sys.time() + wait_seconds
  while (!file.exists(path) && Sys.time() < until) Sys.sleep(0.01)
  path
}

read <- function(channel, epoch, size = Inf) {
  con <- fifo(named(channel, epoch), "rb", blocking = TRUE)
  on.exit(close(con))
  found <- raw()
  while (length(found) < size) {
    more <- readBin(con, "raw", min(65536, size - length(found)))
    if (!length(more)) break
    found <- c(found, more)
  }
  found
}

text <- function(...) rawToChar(read(...))

record <- function(content) {
  size <- nchar(content, "bytes")
  c(as.raw(c(0x0a, 0x23, 0xd7, 0xce)), as.raw(c(size, 0, 0, 0)), charToRaw(content), raw(-size %% 4))
}

second_reader <- function() {
  path <- named("train", 2)
  con <- fifo(path, "rb", blocking = TRUE)
  on.exit(close(con))
  list(rawToChar(readBin(con, "raw", 1)), file.exists(path))
}

orders <- function() {
  mixed <- c(text("mixed", 0), text("mixed", 1))
  alike <- c(text("alike", 0), text("alike", 1))
  whole <- vapply(strsplit(mixed, ""), setequal, NA, letters[1:8]) & nchar(mixed) == 8
  c(whole = all(whole), same_seed = identical(mixed, alike), other_epoch = mixed[1] != mixed[2])
}

config <- function() {
  told <- paste(readLines("/opt/ml/input/config/inputdataconfig.json", warn = FALSE), collapse = "")
  mode <- function(name) grepl(paste0("\"", name, "\": *\\{[^}]*\"TrainingInputMode\": *\"Pipe\""), told)
  c(mode("train"), mode("wrapped"), grepl("\"wrapped\": *\\{[^}]*\"RecordWrapperType\": *\"RecordIO\"", told))
}

files <- function() {
  path <- file.path(data, "fast")
  con <- file(file.path(path, "2"), "rb")
  on.exit(close(con))
  seek(con, file.size(file.path(path, "2")) - 5)
  c(sort(list.files(path)), rawToChar(readBin(con, "raw", 10)))
}

tried <- function(clause, found, wanted) {
  found <- tryCatch(found, error = conditionMessage)
  cat(clause, ": ", if (identical(found, wanted)) "kept" else deparse1(found), "\n", sep = "")
  invisible(found)
}

whole <- "onetwothree"
first <- file.path(data, "train_0")
tried("pipe-fifo", c(system(paste("test -p", first)) == 0, file.exists(file.path(data, "train"))), c(TRUE, FALSE))
begin <- tried("pipe-order", text("train", 0), whole)
tried("pipe-replicated", begin, whole)
tried("pipe-epochs", text("train", 1), whole)
tried("pipe-early", c(text("big", 0, 5), text("big", 1, 5)), c("first", "first"))
tried("pipe-reader", second_reader(), list("o", FALSE))
tried("pipe-gzip", text("packed", 0), "123456789")
tried("pipe-recordio", read("wrapped", 0), c(record("12345"), record("6789")))
tried("pipe-shuffle", orders(), c(whole = TRUE, same_seed = TRUE, other_epoch = TRUE))
tried("pipe-augmented", read("lines", 0), c(record("zero"), record("7"), record("one"), record("cat")))
tried("pipe-unread", file.exists(file.path(data, "unread_0")), TRUE)
tried("pipe-config", config(), c(TRUE, TRUE, TRUE))
tried("fast-file", files(), c("1", "2", "56789"))
