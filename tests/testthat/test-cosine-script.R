# The example's R script against the formula; tests/e2e runs it in jobs.

script <- function() {
  parts <- c("examples", "cosine-similarity", "cosine.R")
  path <- system.file(do.call(file.path, as.list(parts)), package = "shardr")
  if (!nzchar(path)) path <- do.call(test_path, as.list(c("..", "..", "inst", parts)))
  found <- new.env(parent = globalenv())
  sys.source(path, found)
  found
}

all_similarities <- function(turned) {
  lengths <- sqrt(colSums(turned^2))
  unit <- t(turned) / ifelse(lengths == 0, 1, lengths)
  tcrossprod(unit)
}

test_that("the nearest rows are found in matrices of every kind, by any number of instances", {
  cosine <- script()
  cosine$tile_columns <- 130
  withr::local_seed(1)
  turned <- matrix(stats::rnorm(3000), 5)
  rising <- turned
  rising[1, ] <- seq(-50, 50, length.out = 600)
  kinds <- list(
    random = turned, alike = turned[, rep(1, 600)], rising = rising, few = turned[, 1:40], zero = turned * 0
  )
  for (kind in names(kinds)) {
    for (k in c(1, 3, 70)) {
      unit <- cosine$directions(kinds[[kind]])
      n <- ncol(unit)
      found <- cosine$top_k(unit, seq_len(n), k, 64, 1)
      others <- all_similarities(kinds[[kind]])
      diag(others) <- -Inf
      best <- apply(others, 1, function(row) sort(row, decreasing = TRUE)[seq_len(min(k, n - 1))])
      expect_equal(found$similarity, as.vector(best), info = paste(kind, k))
      expect_equal(others[cbind(found$row, found$neighbour)], found$similarity, info = paste(kind, k))
      expect_false(anyDuplicated(found[c("row", "neighbour")]) > 0, info = paste(kind, k))
      tied <- diff(found$row) == 0 & diff(found$similarity) == 0
      expect_true(all(diff(found$neighbour)[tied] > 0), info = paste(kind, k))
      parts <- lapply(list(1:17, integer(), 18:n), cosine$top_k, unit = unit, k = k, size = 64, cores = 2)
      expect_identical(do.call(rbind, parts), found, info = paste(kind, k))
    }
  }
})

test_that("matrices of numpy and of text are read, and a value that is no number is refused", {
  cosine <- script()
  folder <- withr::local_tempdir()
  header <- "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
  for (version in 1:2) {
    path <- file.path(folder, paste0(version, ".npy"))
    con <- file(path, "wb")
    writeBin(as.raw(c(0x93, utf8ToInt("NUMPY"), version, 0)), con)
    writeBin(nchar(header), con, size = c(2, 4)[version], endian = "little")
    writeBin(charToRaw(header), con)
    writeBin(c(1, 2, 3, 4, 5, 6), con, endian = "little")
    close(con)
    expect_identical(cosine$read_turned(path), matrix(c(1, 2, 3, 4, 5, 6), 3))
  }
  text <- file.path(folder, "m.csv")
  writeLines(c("1,2,3", "4,5,6.5"), text)
  expect_equal(cosine$read_turned(text), matrix(c(1, 2, 3, 4, 5, 6.5), 3), ignore_attr = TRUE)
  expect_error(cosine$directions(matrix(c(1, 2, NaN, 1), 2)), "Row 2 has a value that is no finite number; so have 1 ")
})

test_that("one row has no neighbours, and all ties go to the first rows", {
  cosine <- script()
  expect_identical(nrow(cosine$top_k(matrix(1), 1, 3, 64, 1)), 0L)
  found <- cosine$top_k(matrix(0, 4, 500), seq_len(500), 3, 64, 1)
  expect_identical(found$neighbour[1:12], c(2, 3, 4, 1, 3, 4, 1, 2, 4, 1, 2, 3))
})
