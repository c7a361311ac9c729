# Which cluster each movie is in, how well the clusters are those that were planted, and a picture of them.
#
# Inputs `train` and `test` (what DBSCAN's transform wrote: a line of JSON for each movie, its projection joined with
# its cluster), `titles` (of the same movies in the same order), and `truth` (truth.csv, may be absent). Output
# `clusters`: clusters.csv (part, product_id, title, cluster; 0 is noise). Output `report`: clusters.png and, with a
# truth, score.json with the adjusted Rand index of the training set.

library(shardr)

base <- "/opt/ml/processing"

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

labelled <- function(part) {
  files <- sort(list.files(file.path(base, "input", part), full.names = TRUE), method = "radix")
  lines <- unlist(lapply(files, readLines))
  movies <- jsonlite::stream_in(textConnection(lines), verbose = FALSE)
  points <- do.call(rbind, movies$projection)
  titles <- data.table::fread(file.path(base, "input", "titles", paste0(part, ".csv")))
  stopifnot(nrow(titles) == nrow(movies))
  # PCA's largest component is its last
  points <- points[, rev(seq_len(ncol(points))), drop = FALSE]
  cbind(part = part, titles, cluster = movies$SageMakerOutput, points)
}

found <- data.table::rbindlist(lapply(c("train", "test"), labelled))
report <- file.path(base, "output", "report")
columns <- c("part", "product_id", "title", "cluster")
data.table::fwrite(found[, columns, with = FALSE], file.path(base, "output", "clusters", "clusters.csv"))

truth <- file.path(base, "input", "truth", "truth.csv")
score <- NULL
if (file.exists(truth)) {
  train <- merge(found[found$part == "train"], data.table::fread(truth), by = "product_id")
  score <- adjusted_rand(train$cluster, train$group)
  writeLines(sprintf('{"adjusted_rand": %.6f, "movies": %d}', score, nrow(train)), file.path(report, "score.json"))
}

# Two components of the projections against one another.
panel <- function(one, other) {
  names <- paste("component", c(one, other))
  x <- found[[paste0("V", one)]]
  y <- found[[paste0("V", other)]]
  graphics::plot(x, y, col = colour, pch = 20, cex = 1.2, xlab = names[[1L]], ylab = names[[2L]], bty = "l")
  test <- found$part == "test"
  graphics::points(x[test], y[test], pch = 1, cex = 2, lwd = 1.5)
}

clusters <- sort(unique(found$cluster[found$cluster > 0]))
colours <- grDevices::hcl.colors(max(1, clusters), "Dark 3")
colour <- ifelse(found$cluster == 0, "grey60", colours[pmax(1, found$cluster)])
grDevices::png(file.path(report, "clusters.png"), width = 1300, height = 650, res = 96)
graphics::par(mfrow = c(1L, 2L), mar = c(4, 4, 1, 1), oma = c(3, 0, 2, 0))
panel(1L, 2L)
panel(3L, min(4L, sum(grepl("^V[0-9]+$", names(found)))))
graphics::mtext("Movies that the same people like", outer = TRUE, font = 2, cex = 1.2)
graphics::par(fig = c(0, 1, 0, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), new = TRUE)
graphics::plot.new()
sizes <- vapply(clusters, function(number) sum(found$cluster == number), 0L)
graphics::legend("bottom", c(sprintf("cluster %d (%d)", clusters, sizes), "in none", "of the test set"),
  pch = c(rep(20, length(clusters) + 1L), 1), col = c(colours[clusters], "grey60", "black"), bty = "n",
  ncol = length(clusters) + 2L, pt.cex = 1.4, cex = 0.85
)
invisible(grDevices::dev.off())

job_message(sprintf(
  "%d movies in %d clusters, %d in none%s", nrow(found), length(unique(found$cluster[found$cluster > 0])),
  sum(found$cluster == 0), if (is.null(score)) "" else sprintf("; adjusted Rand index %.3f", score)
))
