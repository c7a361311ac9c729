# The Environment of the request reaches the program, value by value as it is.
expected <- c(
  SPACES = " a  b ", UNICODE = "Zo\u00eb \u6771\u4eac", LINES = "one\ntwo", QUOTES = "it's \"so\" \\n $HOME",
  EQUALS = "a=b=c", EMPTY = ""
)
found <- Sys.getenv(names(expected), unset = NA, names = TRUE)
print(found)
stopifnot(!anyNA(found), identical(lapply(found, charToRaw), lapply(expected, charToRaw)))
