# Of a longer message the first 1 KB is kept.
cat(strrep("a", 3000), file = "/opt/ml/output/message")
