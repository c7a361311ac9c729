# No SM_* and no TRAINING_JOB_* variable is set, and no credential of the caller's.
found <- grep("^SM_|^TRAINING_JOB_|SECRET|PASSWORD|_TOKEN$|^AWS_ACCESS_KEY", names(Sys.getenv()), value = TRUE)
print(found)
stopifnot(length(found) == 0)
