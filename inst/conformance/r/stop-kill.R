# A program that ignores SIGTERM is killed when the grace time is over, and the job is Stopped.
cat("ready\n")
Sys.sleep(120)
