# Of a ShardedByS3Key input each object is on one instance, and four objects on two instances are two on each.
found <- list.files("/opt/ml/processing/input/in", full.names = TRUE)
print(found)
stopifnot(length(found) == 2, file.copy(found, "/opt/ml/processing/output/out"))
