# The index of the dbscan image: what a look at all points finds, in whatever way the points lie.

nearest <- new.env()
sys.source(system.file("container", "nearest.R", package = "shardr", mustWork = TRUE), nearest)

by_all <- function(points, labels, eps, new) {
  apply(new, 1L, function(point) {
    squares <- colSums((t(points) - point)^2)
    least <- which.min(squares)
    if (length(least) && squares[[least]] <= eps^2) as.numeric(labels[[least]]) else 0
  })
}

clusters <- function(rows, columns, groups = 6L, spread = 0.3) {
  centres <- matrix(rnorm(groups * columns), groups)
  label <- sample(groups, rows, TRUE)
  list(points = centres[label, , drop = FALSE] + matrix(rnorm(rows * columns, 0, spread), rows), labels = label)
}

test_that("the label of a point is that of the nearest within eps, by whatever number of points and columns", {
  set.seed(11)
  for (rows in c(1L, 2L, 17L, 400L, 3000L)) {
    for (columns in c(1L, 2L, 30L)) {
      known <- clusters(rows, columns)
      new <- rbind(clusters(60L, columns)$points, known$points[sample(rows, 20L, TRUE), , drop = FALSE] + 0.01)
      for (eps in c(0.05, 0.4, 5)) {
        index <- nearest$index_of(known$points, known$labels, eps)
        expect_identical(nearest$labels_near(index, new), by_all(known$points, known$labels, eps, new))
      }
    }
  }
})

test_that("points on a grid, where many are equally near, have the label of the first of them", {
  known <- as.matrix(expand.grid(1:20, 1:20, 1:3))
  dimnames(known) <- NULL
  new <- known[seq(1L, nrow(known), 7L), ] + 0.5
  index <- nearest$index_of(known, seq_len(nrow(known)), 1)
  expect_identical(nearest$labels_near(index, new), by_all(known, seq_len(nrow(known)), 1, new))
})

test_that("points that are all the same, exactly eps away, or none are no trouble", {
  same <- matrix(1, 500L, 3L)
  index <- nearest$index_of(same, rep(4L, 500L), 2)
  expect_identical(nearest$labels_near(index, rbind(c(3, 1, 1), c(3.001, 1, 1), c(1, 1, 1))), c(4, 0, 4))
  none <- nearest$index_of(matrix(0, 0L, 3L), integer(), 1)
  expect_identical(nearest$labels_near(none, matrix(1, 2L, 3L)), c(0, 0))
})

test_that("labels are those of dbscan's own predict", {
  skip_if_not_installed("dbscan")
  set.seed(12)
  known <- clusters(3000L, 8L, spread = 0.25)$points
  found <- dbscan::dbscan(known, eps = 0.6, minPts = 5)
  clustered <- found$cluster > 0L
  index <- nearest$index_of(known[clustered, ], found$cluster[clustered], found$eps)
  new <- known[sample(3000L, 300L), ] + matrix(rnorm(2400L, 0, 0.1), 300L)
  # dbscan 1.1-11 also looks at noise, and gives 0 where a point of it is nearest: ask it about clustered points only
  other <- structure(list(cluster = found$cluster[clustered], eps = found$eps, minPts = 5, dist = "euclidean"),
    class = c("dbscan_fast", "dbscan")
  )
  expect_equal(nearest$labels_near(index, new), as.numeric(predict(other, new, data = known[clustered, ])))
})
