# The standard input is empty.
stopifnot(length(readLines(file("stdin"))) == 0)
