# The points that the dbscan image reads: PCA's answers by the point or by the batch, and CSV.

reading <- new.env()
sys.source(system.file("container", "points.R", package = "shardr", mustWork = TRUE), reading)

test_that("a line is a point, or a batch of them, as PCA answers", {
  lines <- c('{"projections": [{"projection": [1, 2]}, {"projection": [3.5, 4]}]}', '{"projection": [5, 6]}')
  expect_identical(reading$points_of(lines), rbind(c(1, 2), c(3.5, 4), c(5, 6)))
  expect_identical(reading$points_of(c("1,2", "3,4")), rbind(c(1, 2), c(3, 4)))
})

test_that("a line that is not as the others is told by its number", {
  batch <- '{"projections": [{"projection": [1, 2]}, {"projection": [3, 4]}]}'
  for (wrong in c('{"projection": [1]}', '{"a": 1}', '{"projections": []}', "x", '{"projection": [1, null]}', "3,4")) {
    expect_error(reading$points_of(c(batch, wrong)), "line 2: expected 2 numbers, found", fixed = TRUE)
  }
  expect_error(reading$points_of('{"projection": [1, null]}'), "line 1: expected", fixed = TRUE)
})
