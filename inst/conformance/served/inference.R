# The model that clauses of inference and batch transform ask: each row is a word, and the answer what it asks for.
predict_fn <- function(model, data) {
  words <- as.character(data[[1L]])
  vapply(words, answer, "", rows = length(words), USE.NAMES = FALSE)
}

model_fn <- function(dir) NULL

answer <- function(word, rows) {
  about <- sub("^[a-z]+:", "", word)
  switch(sub(":.*", "", word),
    env = Sys.getenv(about, "unset"),
    file = readLines(file.path("/opt/ml/model", about), warn = FALSE),
    write = if (suppressWarnings(file.create("/opt/ml/model/new.txt"))) "written" else "read-only",
    count = as.character(rows),
    wait = {
      Sys.sleep(2)
      "waited"
    },
    fail = stop("no such luck"),
    toupper(word)
  )
}
