# Lint the R half: the package, its tests, the programs under inst/ and the benchmarks. No lint is let pass.

if (utils::packageVersion("lintr") < "3.0.0") {
  cat("lintr is older than 3.0.0 and does not know the settings in .lintr: not linted\n")
  quit(status = 0)
}

lint_in <- function(folders) {
  files <- list.files(Filter(dir.exists, folders), pattern = "[.](R|Rmd)$", recursive = TRUE, full.names = TRUE)
  list(files = length(files), lints = do.call(c, shared_out(files)))
}

# The lints of each file, which hang on no other file: each core has its share of them.
shared_out <- function(files) {
  cores <- if (.Platform$OS.type == "unix") parallel::detectCores() else 1L
  found <- parallel::mclapply(files, lintr::lint, mc.cores = max(1L, cores, na.rm = TRUE))
  # a process that died leaves nothing of its files, and one that an error stopped that error
  whole <- vapply(found, inherits, NA, "lints")
  if (!all(whole)) stop("not linted: ", toString(files[!whole]), "\n", found[!whole][1L])
  found
}

package <- lint_in("R")
# Only now: the package must do without testthat, its tests know it and their helpers.
library(testthat)
for (helper in Sys.glob("tests/testthat/helper*.R")) sys.source(helper, globalenv())
rest <- lint_in(c("tests/testthat", "inst", "bench", "tools", "vignettes"))

lints <- c(package$lints, rest$lints)
if (length(lints) > 0) print(structure(lints, class = "lints"))
cat(length(lints), "lints in", package$files + rest$files, "files\n")
quit(status = if (length(lints) > 0) 1 else 0)
