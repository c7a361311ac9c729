# An entrypoint without arguments runs with none; the image's own ENTRYPOINT and CMD are ignored.
found <- commandArgs(TRUE)
print(found)
stopifnot(length(found) == 0)
