# K-means of more rows than memory holds, on any number of instances: divide, then recombine.
#
# part = "sketch": each instance streams its share of the channel `train`, some rows at a time, and moves many more
#   centres than there will be clusters. Its model is sketch.csv: the centres, and how many rows of an epoch each drew.
# part = "join": one instance has the sketches of all in the channel `sketches`, finds the clusters of their centres,
#   and scores them by the channel `test`. Its model is centres.csv.
#
# The first is the mini-batch k-means of Sculley (2010), the second Lloyd's of few weighted points, begun several times
# by k-means++. The built-in K-means of SageMaker works in the same two parts. kmeans.py is the same in Python.

library(shardr)

# A function that gives the next rows of a channel, and NULL at the end; in mode Pipe there is no folder.
batches <- function(name, epoch, rows) {
  if (dir.exists(channel(name))) recordio_blocks(shard_files(name), rows) else pipe_blocks(name, epoch, rows)
}

# Which centre is nearest to each row, and the square of how far it is: |x|^2 - 2xc + |c|^2 is one product of matrices.
nearest <- function(x, centres) {
  square <- outer(rowSums(x^2), rowSums(centres^2), "+") - 2 * tcrossprod(x, centres)
  which <- max.col(-square, "first")
  list(which = which, square = pmax(square[cbind(seq_along(which), which)], 0))
}

# Rows to begin with, far from each other: each is drawn by the square of how far it is from those before.
far_apart <- function(x, k, weight = rep(1, nrow(x))) {
  chosen <- x[sample.int(nrow(x), 1, prob = weight), , drop = FALSE]
  square <- nearest(x, chosen)$square
  while (nrow(chosen) < k && any(square > 0)) {
    one <- x[sample.int(nrow(x), 1, prob = weight * square), , drop = FALSE]
    square <- pmin(square, nearest(x, one)$square)
    chosen <- rbind(chosen, one)
  }
  chosen
}

# Each centre stays the mean of the rows that it has drawn: the more there were, the less a batch moves it.
sketch <- function(hp) {
  centres <- NULL
  for (epoch in seq_len(hp$epochs) - 1) {
    next_batch <- batches("train", epoch, hp$mini_batch_size)
    while (!is.null(batch <- next_batch())) {
      x <- as.matrix(batch$features)
      if (anyNA(x)) stop("A row from ", batch$first, " on has a missing value: none is nearest to it.", call. = FALSE)
      if (is.null(centres)) {
        centres <- far_apart(x, hp$k * hp$extra_center_factor)
        rows <- numeric(nrow(centres))
      }
      which <- nearest(x, centres)$which
      found <- sort(unique(which)) # in the order of rowsum()
      drawn <- tabulate(which, nrow(centres))[found]
      rows[found] <- rows[found] + drawn
      centres[found, ] <- centres[found, ] + (rowsum(x, which) - drawn * centres[found, ]) / rows[found]
    }
  }
  if (is.null(centres)) return(job_message(shard()$host, ": no rows")) # fewer files than instances
  save_model(data.table::data.table(rows = rows / hp$epochs, centres)[rows > 0], "sketch.csv")
}

# Rows to their nearest centre, centres to the mean of their rows, until nothing changes; the best of 10 trials.
lloyd <- function(x, weight, k) {
  best <- list(cost = Inf)
  for (trial in 1:10) {
    centres <- far_apart(x, k, weight)
    near <- nearest(x, centres)
    for (round in 1:300) {
      centres[sort(unique(near$which)), ] <- rowsum(x * weight, near$which) / drop(rowsum(weight, near$which))
      before <- near$which
      near <- nearest(x, centres)
      if (identical(before, near$which)) break
    }
    cost <- sum(weight * near$square)
    if (cost < best$cost) best <- list(cost = cost, centres = centres, which = near$which)
  }
  best
}

join <- function(hp) {
  folder <- tempfile()
  untar(shard_files("sketches"), exdir = folder) # the models of all instances are one archive
  sketches <- do.call(rbind, lapply(list.files(folder, "sketch.csv$", full.names = TRUE), data.table::fread))
  found <- lloyd(as.matrix(sketches[, -"rows"]), sketches$rows, hp$k)
  rows <- rowsum(sketches$rows, found$which)[, 1]
  save_model(data.table::data.table(rows = rows, found$centres), "centres.csv")
  squares <- numeric()
  next_batch <- batches("test", 0, 5000)
  while (!is.null(batch <- next_batch())) {
    squares <- c(squares, nearest(as.matrix(batch$features), found$centres)$square)
  }
  log_metric("test:msd", mean(squares)) # of a row's distance to its centre, squared: the mean, and the sum
  log_metric("test:ssd", sum(squares))
}

hp <- hyperparameters(
  part = hp_string(choices = c("sketch", "join"), description = "what this step does"),
  k = hp_integer(min = 1, description = "clusters"),
  extra_center_factor = hp_integer(10, min = 1, description = "centres of a sketch for each cluster"),
  epochs = hp_integer(1, min = 1, description = "how often the rows are read"),
  mini_batch_size = hp_integer(5000, min = 1, description = "rows at a time"),
  seed = hp_integer(1, description = "of what is drawn")
)
set.seed(hp$seed + shard()$rank)
if (hp$part == "sketch") sketch(hp) else join(hp)
