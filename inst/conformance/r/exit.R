# Ends with the code that it is given.
quit(status = as.integer(commandArgs(TRUE)[1]))
