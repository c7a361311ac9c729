# Arguments reach the program one by one, in order and unchanged.
found <- commandArgs(TRUE)
print(found)
expected <- c(
  " two  words ", "it's \"quoted\"", "Zo\u00eb \u6771\u4eac", "$HOME", "*", "a\\nb", "--help", "-e", "a=b", "last;"
)
stopifnot(identical(lapply(found, charToRaw), lapply(expected, charToRaw)))
