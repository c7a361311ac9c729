# Files of an output are kept in their folders, byte for byte.
setwd("/opt/ml/processing/output/out")
dir.create("a/b", recursive = TRUE)
writeBin(charToRaw("1,Zo\u00eb\r\n"), "a/b/c.txt")
cat("d", file = "a/d.txt")
file.create("e e.txt")
