test_that("an output is merged into one file, and its shards are left alone", {
  local_job_folder()
  run <- job_run(copy_job())
  path <- collect(run, "copy", "copied", to = "all.csv")
  expect_identical(path, file.path(getwd(), "all.csv"))
  expect_identical(nrow(utils::read.csv("all.csv")), 5L)
  expect_identical(collect(run$id, "copy", "copied"), collect(run, "copy", "copied"))
})

test_that("shards of recordIO-protobuf are a data frame, and their rows are counted", {
  local_job_folder()
  put_lines("pack.R", c(
    "host <- shardr::shard()$host",
    "x <- data.frame(label = 1:3, a = c(0.5, NaN, 2) + (host == 'algo-2'))",
    "shardr::write_output(x, 'packed', file = paste0(host, '.pbr'))"
  ))
  step <- processing_step("pack", code = "pack.R", instance_count = 2, outputs = "packed")
  run <- job_run(pipeline("pack", step))
  found <- collect(run)
  expect_equal(found, data.frame(label = c(1:3, 1:3), V1 = c(0.5, NaN, 2, 1.5, NaN, 3)))
  expect_identical(run$steps[[1]]$outputs$packed$rows, 6)
  expect_equal(read_recordio(collect(run, merge = identity)), found)
  expect_equal(read_recordio(collect(run, to = "all.pbr")), found)
})

test_that("what does not name an output is refused", {
  local_job_folder()
  run <- job_run(copy_job())
  expect_error(collect(run, "copy", "coppied"), "coppied.*copied", class = "shardr_error_not_found")
  expect_snapshot(error = TRUE, collect(run, "copy", NA, fill = "yes"))
  expect_error(collect("no-such-run", "copy", "copied"), "no-such-run.*jobs\\(\\)", class = "shardr_error_not_found")
})

test_that("what leaves no choice need not be named, and where there is one, all outputs are", {
  local_job_folder()
  run <- job_run(copy_job())
  whole <- collect(run, "copy", "copied")
  expect_identical(collect(run), whole)
  expect_identical(collect(run$id, "copy"), whole)
  expect_identical(collect(run, output = "copied"), whole)
  expect_snapshot(error = TRUE, collect(run, "copied"), transform = steady)
  put_lines("two.R", "for (name in c('a', 'b')) shardr::write_output(data.frame(x = name), name)")
  two <- job_run(copy_job() |> processing_step("two", code = "two.R", outputs = c("a", "b")))
  expect_identical(collect(two, "copy"), whole)
  expect_identical(collect(two, output = "b"), data.frame(x = "b"))
  expect_snapshot(error = TRUE, collect(two), transform = steady)
  expect_snapshot(error = TRUE, collect(two, "two"), transform = steady)
  none <- job_run(fail_job(), error = FALSE)
  expect_error(collect(none), "has no output; it is Failed", class = "shardr_error_not_found")
})

test_that("columns that differ are refused with the shard, or filled", {
  local_job_folder()
  put_lines("differ.R", c(
    "rank <- shardr::shard()$rank",
    "x <- if (rank == 0) data.frame(a = 1, b = \"x\") else data.frame(a = 2)",
    "shardr::write_output(x, \"out\", file = paste0(rank, \".csv\"))"
  ))
  run <- job_run(pipeline("copy", processing_step("d", code = "differ.R", instance_count = 2, outputs = "out")))
  expect_error(collect(run, "d", "out"), "1[.]csv.*fill = TRUE", class = "shardr_error_columns_differ")
  expect_equal(collect(run, "d", "out", fill = TRUE), data.frame(a = 1:2, b = c("x", NA)), ignore_attr = TRUE)
})

test_that("tables of dplyr are still collected when both packages are attached", {
  skip_if_not_installed("dplyr")
  requireNamespace("dplyr", quietly = TRUE)
  expect_identical(collect(data.frame(a = 1)), data.frame(a = 1))
  expect_error(collect(structure(list(), class = "no_table")), "no applicable method")
  local_job_folder()
  run <- job_run(copy_job())
  generic <- getExportedValue("dplyr", "collect")
  expect_identical(nrow(generic(run, "copy", "copied")), 5L)
})

test_that("one big file is split into shards that hold all its rows", {
  local_job_folder()
  utils::write.csv(data.frame(n = 1:1000, t = "a \"quoted\"\nline"), "big.csv", row.names = FALSE)
  files <- split_file("big.csv", shards = 3, to = "shards")
  expect_length(files, 3)
  expect_identical(unlist(lapply(files, function(file) utils::read.csv(file)$n)), 1:1000)
  expect_snapshot(error = TRUE, split_file("big.csv", shards = 2.5, to = NA))
  expect_snapshot(error = TRUE, split_file())
  expect_identical(unique(dirname(split_file("big.csv", 2))), file.path(getwd(), "big-shards"))
  expect_error(split_file("big.csv", 2), "overwrite = TRUE$", class = "shardr_error_data")
  expect_length(split_file("big.csv", 2, overwrite = TRUE), 2)
  expect_error(split_file("nope.csv", 2, "s"), class = "shardr_error_data")
})

test_that("files in a model are merged as tables, as R's own objects, or by a function of them", {
  local_job_folder()
  put_lines("model.R", c(
    "files <- c(\"1.rds\", \"2.rds\")",
    "for (file in files) saveRDS(list(name = file, fit = stats::lm(dist ~ speed, cars)), file)",
    "folder <- shardr::channel(\"out\")",
    "utils::tar(file.path(folder, \"model.tar.gz\"), files, compression = \"gzip\", tar = \"internal\")"
  ))
  run <- job_run(pipeline("copy", processing_step("fit", code = "model.R", outputs = "out")))
  fits <- collect(run)
  expect_named(fits, c("1.rds", "2.rds"))
  expect_equal(stats::coef(fits[["2.rds"]]$fit), stats::coef(stats::lm(dist ~ speed, cars)))
  expect_identical(basename(collect(run, merge = identity)), c("1.rds", "2.rds"))
  expect_error(collect(run, to = "all.csv"), "merge = function", class = "shardr_error_data")
  expect_snapshot(error = TRUE, collect(run, merge = "bind"))
  expect_snapshot(error = TRUE, collect(run, to = "x.csv", merge = identity))
})
