# The cluster of one point by the index of the dbscan image, against dbscan's own predict; the labels are compared.

nearest <- new.env()
sys.source(system.file("container", "nearest.R", package = "shardr", mustWork = TRUE), nearest)

milliseconds <- function(work, times) {
  found <- vapply(seq_len(5L), function(i) system.time(for (j in seq_len(times)) work(j))[["elapsed"]], 0)
  1000 * min(found) / times
}

for (size in list(c(2500L, 10L), c(8000L, 100L), c(40000L, 100L))) {
  set.seed(size[[1L]])
  centres <- matrix(rnorm(20L * size[[2L]], 0, 3), 20L)
  points <- centres[sample(20L, size[[1L]], TRUE), ] + matrix(rnorm(prod(size)), size[[1L]])
  eps <- 1.05 * sqrt(2 * size[[2L]])
  found <- dbscan::dbscan(points, eps = eps, minPts = 5)
  clustered <- found$cluster > 0L
  index <- nearest$index_of(points[clustered, ], found$cluster[clustered], eps)
  new <- points[seq_len(200L), ] + matrix(rnorm(200L * size[[2L]], 0, 0.5), 200L)
  ours <- milliseconds(function(j) nearest$labels_near(index, new[1L + j %% 200L, , drop = FALSE]), 1000L)
  theirs <- milliseconds(function(j) predict(found, new[1L + j %% 200L, , drop = FALSE], data = points), 20L)
  same <- mean(nearest$labels_near(index, new) == predict(found, new, data = points))
  cat(sprintf(
    "one point among %d x %d: %.0f x dbscan:::predict (%.3f vs %.2f ms; %.1f %% of labels equal) target >= 20\n",
    size[[1L]], size[[2L]], theirs / ours, ours, theirs, 100 * same
  ))
}
