# A message that is not valid UTF-8 fails the job.
writeBin(as.raw(c(0x61, 0xff, 0x62)), "/opt/ml/output/message")
cat("written", file = "/opt/ml/processing/output/out/a.txt")
