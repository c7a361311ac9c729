# Symbolic links in an output are not followed, neither to files nor to folders.
setwd("/opt/ml/processing/output/out")
cat("kept", file = "kept.txt")
stopifnot(file.symlink("/etc/passwd", "file.txt"), file.symlink("/etc", "folder"))
