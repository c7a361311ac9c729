# Lint the R half: the package, its tests, the programs under inst/ and the benchmarks. No lint is let pass.

if (utils::packageVersion("lintr") < "3.0.0") {
  cat("lintr is older than 3.0.0 and does not know the settings in .lintr: not linted\n")
  quit(status = 0)
}

folders <- Filter(dir.exists, c("R", "tests/testthat", "inst", "bench", "tools", "vignettes"))
files <- list.files(folders, pattern = "[.](R|Rmd)$", recursive = TRUE, full.names = TRUE)
lints <- do.call(c, lapply(files, lintr::lint))
if (length(lints) > 0) print(structure(lints, class = "lints"))
cat(length(lints), "lints in", length(files), "files\n")
quit(status = if (length(lints) > 0) 1 else 0)
