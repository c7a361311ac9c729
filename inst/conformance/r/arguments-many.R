# A hundred arguments reach the program in order.
found <- commandArgs(TRUE)
stopifnot(identical(found, as.character(1:100)))
