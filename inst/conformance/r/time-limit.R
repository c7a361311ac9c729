# A job that takes longer than MaxRuntimeInSeconds is Stopped.
cat("written", file = "/opt/ml/processing/output/out/a.txt")
Sys.sleep(120)
