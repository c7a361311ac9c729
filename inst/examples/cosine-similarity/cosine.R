# Cosine similarity of all rows of a matrix, each instance its share of the rows.
#
# Channel `matrix`, on every instance whole: one file, .npy or .csv (numbers without a header). Two modes:
#
# top_k   the model has neighbours.csv: for each row its `top_k` nearest others, nearest first, ties by row number
# block   the model has rows-<first>-<last>.f32: all similarities of these rows, row after row, in single precision
#
# Rows are counted from 1. A row of zeros has similarity 0 to all. The result is the same, to the last bit, for any
# number of instances: products are made in blocks that are cut from the whole matrix and not from an instance's share.

library(shardr)

tile_columns <- 4096 # of a product: with a block of rows it stays in the processor's cache
narrow <- 64

# The matrix turned over, one column for each row, as a file of numpy has it anyway.
read_turned <- function(path) {
  if (!grepl("[.]npy$", path)) {
    return(t(as.matrix(data.table::fread(path, header = FALSE, showProgress = FALSE))))
  }
  file <- file(path, "rb")
  on.exit(close(file))
  version <- readBin(file, "raw", 8)[7]
  bytes <- readBin(file, "integer", 1, size = if (version == 1) 2 else 4, signed = version != 1, endian = "little")
  about <- rawToChar(readBin(file, "raw", bytes))
  shape <- as.numeric(regmatches(about, regexec("'shape': \\(([0-9]+), ([0-9]+)\\)", about))[[1]][-1])
  size <- c("<f4" = 4, "<f8" = 8)[regmatches(about, regexec("'descr': '([^']+)'", about))[[1]][2]]
  if (anyNA(size) || length(shape) != 2 || !grepl("'fortran_order': False", about, fixed = TRUE)) {
    stop("The matrix must be rows of single or double precision; found ", about, call. = FALSE)
  }
  matrix(readBin(file, "numeric", prod(shape), size = size, endian = "little"), shape[2], shape[1])
}

# Columns of length 1; a column of zeros stays one.
directions <- function(turned) {
  lengths <- sqrt(colSums(turned^2))
  strange <- which(!is.finite(lengths))
  if (length(strange)) {
    what <- " has a value that is no finite number; so have "
    stop("Row ", strange[1], what, length(strange), " rows.", call. = FALSE)
  }
  lengths[lengths == 0] <- 1
  turned / rep(lengths, each = nrow(turned))
}

# The matrix in tiles, each with its first column: cut once, used by all blocks.
cut_tiles <- function(unit) {
  lapply(seq(1, ncol(unit), tile_columns), function(left) {
    list(left = left, unit = unit[, left:min(left + tile_columns - 1, ncol(unit)), drop = FALSE])
  })
}

# The blocks of the whole matrix in which `rows` lie: first and last row, and the first and last that are asked for.
blocks <- function(rows, total, size) {
  if (length(rows) == 0) return(list())
  from <- rows[1]
  to <- rows[length(rows)]
  lapply(seq((from - 1) %/% size * size + 1, to, size), function(first) {
    last <- min(first + size - 1, total)
    list(first = first, last = last, from = max(first, from), to = min(last, to))
  })
}

# The similarities of some rows of a block to the rows of a tile.
product <- function(block, queries, tile) {
  made <- crossprod(queries, tile$unit)
  if (block$from == block$first && block$to == block$last) return(made)
  made[block$from:block$to - block$first + 1, , drop = FALSE]
}

# The k nearest of the columns seen so far, for each row of a block; `tile` has the columns from `left` on.
#
# Only what is nearer than the kth so far is looked at: sorting these few is cheap, sorting a tile is not. An equal one
# comes later and is not taken. Where too many are nearer, half a tile is seen first, which leaves less of the other.
see <- function(kept, tile, left, k) {
  size <- nrow(tile)
  found <- which(tile > kept$bar)
  if (length(found) == 0) return(kept)
  if (length(found) > 4 * k * size && ncol(tile) > narrow) {
    half <- ncol(tile) %/% 2
    kept <- see(kept, tile[, seq_len(half), drop = FALSE], left, k)
    return(see(kept, tile[, (half + 1):ncol(tile), drop = FALSE], left + half, k))
  }
  row <- c(kept$row, (found - 1L) %% size + 1L)
  column <- c(kept$column, (found - 1L) %/% size + left)
  similarity <- c(kept$similarity, tile[found])
  sorted <- order(row, -similarity, column, method = "radix")
  sorted <- sorted[sequence(tabulate(row, size)) <= k]
  kept <- list(row = row[sorted], column = column[sorted], similarity = similarity[sorted], bar = kept$bar)
  last <- cumsum(tabulate(kept$row, size))
  full <- diff(c(0, last)) == k
  kept$bar[full] <- kept$similarity[last[full]]
  kept
}

# The nearest others of some rows of a block.
nearest <- function(block, unit, tiles, k) {
  queries <- unit[, block$first:block$last, drop = FALSE]
  size <- block$to - block$from + 1
  kept <- list(row = integer(), column = numeric(), similarity = numeric(), bar = rep(-Inf, size))
  for (tile in tiles) {
    made <- product(block, queries, tile)
    right <- tile$left + ncol(made) - 1
    if (block$from <= right && block$to >= tile$left) {
      itself <- max(block$from, tile$left):min(block$to, right)
      made[cbind(itself - block$from + 1, itself - tile$left + 1)] <- -Inf
    }
    kept <- see(kept, made, tile$left, k)
  }
  data.frame(row = kept$row + block$from - 1, neighbour = kept$column, similarity = kept$similarity)
}

top_k <- function(unit, rows, k, size, cores) {
  tiles <- cut_tiles(unit)
  k <- min(k, ncol(unit) - 1) # of one row alone, none
  found <- each_block(function(block) nearest(block, unit, tiles, k), rows, ncol(unit), size, cores)
  none <- data.frame(row = numeric(), neighbour = numeric(), similarity = numeric())
  as.data.frame(data.table::rbindlist(c(list(none), found)))
}

# All similarities of some rows of a block, in a file that says which rows they are.
write_rows <- function(block, unit, tiles) {
  queries <- unit[, block$first:block$last, drop = FALSE]
  whole <- matrix(0, ncol(unit), block$to - block$from + 1)
  for (tile in tiles) {
    made <- product(block, queries, tile)
    whole[tile$left + seq_len(ncol(made)) - 1, ] <- t(made)
  }
  file <- file(model_path(sprintf("rows-%012.0f-%012.0f.f32", block$from, block$to)), "wb")
  on.exit(close(file))
  writeBin(as.vector(whole), file, size = 4, endian = "little")
}

# What `work` gives for each block, in order.
each_block <- function(work, rows, total, size, cores) {
  found <- parallel::mclapply(blocks(rows, total, size), work, mc.cores = cores)
  failed <- Filter(function(one) inherits(one, "try-error"), found)
  if (length(failed)) stop(failed[[1]], call. = FALSE)
  found
}

main <- function() {
  hp <- hyperparameters(
    mode = hp_string("top_k", choices = c("top_k", "block"), description = "nearest rows only, or all similarities"),
    top_k = hp_integer(10, min = 1, max = 1000, description = "neighbours kept of each row"),
    block_rows = hp_integer(512, min = 16, max = 8192, description = "rows at a time: what the memory has to hold")
  )
  options(matprod = "blas") # the values are known to be finite
  unit <- directions(read_turned(shard_files("matrix", "[.](npy|csv)$")[1]))
  rows <- shard_rows(ncol(unit))
  start <- proc.time()[["elapsed"]]
  # One thread for each block; where the BLAS has threads of its own, they are enough.
  cores <- if (Sys.getenv("OPENBLAS_NUM_THREADS") == "1") parallel::detectCores() else 1L
  if (hp$mode == "block") {
    tiles <- cut_tiles(unit)
    each_block(function(block) write_rows(block, unit, tiles), rows, ncol(unit), hp$block_rows, cores)
  } else {
    found <- top_k(unit, rows, hp$top_k, hp$block_rows, cores)
    save_model(found, "neighbours.csv")
  }
  log_metric("rows", length(rows))
  log_metric("rows_per_second", length(rows) / (proc.time()[["elapsed"]] - start))
}

if (sys.nframe() == 0L) main()
