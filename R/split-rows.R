# Parts of a table by what is in its rows, so that it does not matter in which files, or in which order, they came.

#' Split the rows of a table at random, the same way wherever they came from
#'
#' Deals the rows into parts such as train, validation and test: each row into exactly one, and each part gets its
#' share of the rows to the row. Which part a row falls into depends on the seed and on the rows' values alone, not on
#' their order: the split is the same whether one instance prepared the rows or seven, in whatever files.
#'
#' The rows are numbered by sorting them by all columns, first to last; a seeded draw deals out the numbers. Rows that
#' are alike in all columns have numbers side by side and can take each other's place unnoticed. A row more or less
#' changes the numbers of others, so other data is split anew.
#'
#' @param x A data frame without list columns.
#' @param shares Share of each part, named by the part: `c(train = 0.8, test = 0.2)`. They sum to 1. The bounds
#'   between the parts are rounded to whole rows. A large share first is the fastest.
#' @param seed A whole number. The state of R's random numbers is left as it was.
#' @returns A named list with the row numbers of each part, ascending: `x[rows$train, ]` are the rows of that part.
#'   `shardr_error_data` says which argument cannot be used.
#' @seealso [write_output()], [shard_rows()]
#' @export
#' @examples
#' rows <- split_rows(mtcars, c(train = 0.7, validation = 0.15, test = 0.15), seed = 1)
#' lengths(rows)
#' train <- mtcars[rows$train, ]
split_rows <- function(x, shares, seed) {
  check_split(x, shares, seed, environment())
  n <- nrow(x)
  counts <- diff(c(0, round(n * cumsum(shares[-length(shares)])), n))
  # Every number belongs to the first part, but those drawn for the others.
  drawn <- with_seed(seed, sample.int(n, n - counts[1]))
  part <- rep(1L, n)
  part[drawn] <- rep(seq_along(shares)[-1], counts[-1])
  part <- part[row_numbers(x)]
  stats::setNames(lapply(seq_along(shares), function(i) which(part == i)), names(shares))
}

check_split <- function(x, shares, seed, call) {
  if (!is.data.frame(x) || any(vapply(x, is.list, NA))) {
    container_abort("{.arg x} must be a data frame without list columns.", "data", call)
  }
  if (!are_shares(shares)) {
    container_abort(
      c(
        "{.arg shares} must be numbers of 0 or more that sum to 1, with the name of a part each.",
        "x" = "Found {.code {deparse1(shares)}}.",
        "i" = "For example {.code c(train = 0.8, test = 0.2)}."
      ),
      "data", call
    )
  }
  if (!is.numeric(seed) || length(seed) != 1L || is.na(seed) || abs(seed) >= 2^31 || seed != floor(seed)) {
    container_abort(
      c("{.arg seed} must be one whole number below 2^31.", "x" = "Found {.code {deparse1(seed)}}."), "data", call
    )
  }
}

are_shares <- function(shares) {
  parts <- names(shares)
  named <- length(parts) > 0L && all(nzchar(parts)) && !anyDuplicated(parts)
  named && is.numeric(shares) && !anyNA(shares) && all(shares >= 0) && abs(sum(shares) - 1) <= 1e-9
}

# The place of each row among all rows sorted by all columns. Text goes by its bytes, whatever the language set.
row_numbers <- function(x, fast = has_data_table()) {
  # The levels of a factor may stand in the order in which they came.
  x <- lapply(unclass(x), function(column) if (is.factor(column)) as.character(column) else column)
  if (length(x) == 0L) return(integer())
  if (!fast) return(order(do.call(order, c(unname(x), list(method = "radix")))))
  # The sort waits for its slowest thread many times over: where something else has one of the cores, a thread on each
  # makes it several times slower than one thread fewer does.
  threads <- data.table::getDTthreads()
  on.exit(data.table::setDTthreads(threads))
  data.table::setDTthreads(max(1L, threads - 1L))
  data.table::frankv(x, ties.method = "first")
}

# With R's own choice of generators, not the user's: another choice would be another split.
with_seed <- function(seed, code) {
  kinds <- RNGkind()
  state <- get0(".Random.seed", globalenv(), inherits = FALSE)
  on.exit({
    RNGkind(kinds[1], kinds[2], kinds[3])
    if (is.null(state)) rm(".Random.seed", envir = globalenv()) else assign(".Random.seed", state, globalenv())
  })
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  code
}
