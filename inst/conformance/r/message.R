# Writes the message that it is given, and ends with the code that it is given.
given <- commandArgs(TRUE)
writeBin(charToRaw(given[1]), "/opt/ml/output/message")
quit(status = as.integer(given[2]))
