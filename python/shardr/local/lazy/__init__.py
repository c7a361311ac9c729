"""Objects of S3 as files that are read when they are opened."""
