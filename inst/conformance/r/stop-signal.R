# A job that is stopped gets SIGTERM and time to write its message; it is Stopped and has no output.
cat("written", file = "/opt/ml/processing/output/out/a.txt")
cat("ready\n")
Sys.sleep(120)
