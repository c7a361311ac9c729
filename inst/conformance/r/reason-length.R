# A failure reason has 1,024 characters at most, however much the program says.
stop(strrep("this went wrong, and that. ", 200))
