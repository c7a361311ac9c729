# Which cluster each movie is in, how well the clusters are those that were planted, and a picture of them.
#
# Inputs `model` (model.tar.gz of DBSCAN), `train` and `test` (projections), `titles`, and `truth` (truth.csv, may be
# absent). Output `clusters`: clusters.csv (part, product_id, title, cluster; 0 is noise), clusters.png and, with a
# truth, score.json with the adjusted Rand index of the training set.

library(shardr)

base <- "/opt/ml/processing"
programs <- new.env()
for (file in c("points.R", "nearest.R")) sys.source(system.file("container", file, package = "shardr"), programs)

# 1 where two ways to divide the same things are the same, about 0 where they have nothing to do with each other.
adjusted_rand <- function(one, other) {
  counts <- table(one, other)
  pairs <- function(n) sum(n * (n - 1) / 2)
  both <- pairs(counts)
  rows <- pairs(rowSums(counts))
  columns <- pairs(colSums(counts))
  by_chance <- rows * columns / pairs(sum(counts))
  (both - by_chance) / ((rows + columns) / 2 - by_chance)
}

archive <- list.files(file.path(base, "input", "model"), "[.]tar[.]gz$", full.names = TRUE, recursive = TRUE)[[1L]]
untar(archive, files = "dbscan.rds", exdir = tempdir())
model <- readRDS(file.path(tempdir(), "dbscan.rds"))
index <- programs$index_of(model$points, model$labels, model$eps)

labelled <- function(part) {
  files <- sort(list.files(file.path(base, "input", part), full.names = TRUE), method = "radix")
  points <- programs$points_of(unlist(lapply(files, readLines)))
  titles <- data.table::fread(file.path(base, "input", "titles", paste0(part, ".csv")))
  stopifnot(nrow(titles) == nrow(points))
  cbind(part = part, titles, cluster = programs$labels_near(index, points), points[, ncol(points) - 0:1])
}

found <- data.table::rbindlist(lapply(c("train", "test"), labelled))
output <- file.path(base, "output", "clusters")
columns <- c("part", "product_id", "title", "cluster")
data.table::fwrite(found[, columns, with = FALSE], file.path(output, "clusters.csv"))

truth <- file.path(base, "input", "truth", "truth.csv")
score <- NULL
if (file.exists(truth)) {
  train <- merge(found[found$part == "train"], data.table::fread(truth), by = "product_id")
  score <- adjusted_rand(train$cluster, train$group)
  writeLines(sprintf('{"adjusted_rand": %.6f, "movies": %d}', score, nrow(train)), file.path(output, "score.json"))
}

# PCA's largest component is its last.
grDevices::png(file.path(output, "clusters.png"), width = 900, height = 700)
colours <- grDevices::hcl.colors(max(1, found$cluster), "Dark 3")
graphics::plot(found$V1, found$V2,
  col = ifelse(found$cluster == 0, "grey70", colours[pmax(1, found$cluster)]),
  pch = ifelse(found$part == "train", 20, 1), xlab = "largest component", ylab = "second", main = "Clusters of movies"
)
graphics::legend("topright", c("of the training set", "of the test set", "in no cluster"),
  pch = c(20, 1, 20), col = c("black", "black", "grey70"), bty = "n"
)
invisible(grDevices::dev.off())

job_message(sprintf(
  "%d movies in %d clusters, %d in none%s", nrow(found), length(unique(found$cluster[found$cluster > 0])),
  sum(found$cluster == 0), if (is.null(score)) "" else sprintf("; adjusted Rand index %.3f", score)
))
