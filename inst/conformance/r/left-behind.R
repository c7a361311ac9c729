# The job ends with its program, whatever that has left running.
system2("sleep", "120", wait = FALSE)
