# An empty argument is an argument, too.
found <- commandArgs(TRUE)
print(found)
stopifnot(identical(found, c("", "between", "")))
