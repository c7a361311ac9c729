test_that("a plan shows the shard map and the requests, and runs nothing", {
  local_job_folder()
  plan <- job_plan(copy_job())
  map <- as.data.frame(plan)
  expect_identical(map[c("host", "objects")], data.frame(host = c("algo-1", "algo-2"), objects = c(2, 1)))
  expect_identical(plan$steps$copy$requests[[1]]$ProcessingResources$ClusterConfig$InstanceCount, 2L)
  expect_snapshot(plan)
  expect_identical(nrow(jobs()), 0L)
})

test_that("instances that would get nothing are counted, and not all of many are listed", {
  local_job_folder()
  expect_false(any(grepl("get nothing", format(job_plan(copy_job())))))
  job <- copy_job()
  job$steps[[1]]$instance_count <- 12
  shown <- format(job_plan(job))
  expect_match(shown, "    9 of 12 instances get nothing", fixed = TRUE, all = FALSE)
  expect_match(shown, "    and 2 more instances; as.data.frame() has all", fixed = TRUE, all = FALSE)
  expect_length(grep("^    algo-", shown), 10)
  job$steps[[1]]$instance_count <- 4
  expect_match(format(job_plan(job)), "    1 of 4 instances gets nothing", fixed = TRUE, all = FALSE)
})

test_that("an input that each instance has whole is shown once, and one that a step makes has no objects yet", {
  local_job_folder()
  job <- pipeline("p") |>
    processing_step("one", code = "copy.R", inputs = c(raw = "dataset/"), outputs = "copied", instance_count = 3) |>
    processing_step("two", code = "copy.R", inputs = job_input("raw", step_output("one", "copied")), outputs = "copied")
  expect_snapshot(job_plan(job))
})

test_that("inputs that are no plain files are shown with their mode", {
  local_job_folder()
  inputs <- list(
    job_input("train", "dataset/", "ShardedByS3Key", input_mode = "Pipe"),
    job_input("test", "dataset/", input_mode = "FastFile")
  )
  shown <- format(job_plan(pipeline("fit", training_step("fit", code = "copy.R", inputs = inputs))))
  expect_true("  takes train: ShardedByS3Key in mode Pipe" %in% shown)
  expect_match(shown, "  takes test: each instance all of it in mode FastFile, 3 objects", fixed = TRUE, all = FALSE)
})

test_that("of many keys as many are named as fit", {
  host <- list(objects = 1500, keys = as.list(sprintf("key-%04d.csv", 1:1000)))
  first <- "key-0001.csv, key-0002.csv, key-0003.csv, key-0004.csv, "
  expect_identical(first_keys(host), paste0(first, cli::symbol$ellipsis))
  expect_identical(first_keys(list(objects = 1, keys = list(strrep("x", 90)))), strrep("x", 90))
  expect_identical(first_keys(list(objects = 0, keys = list())), "")
})

test_that("a plan is compared with the last run of its name, and what differs from run to run is no difference", {
  local_job_folder()
  expect_output(print(job_plan(copy_job(), diff = TRUE)), "^nothing to compare with: copy has not run there yet$")
  run <- job_run(copy_job())
  same <- job_plan(copy_job(), diff = TRUE)
  expect_false(same$diff$changed)
  expect_output(print(same), paste0("^unchanged since run ", run$id, "$"))
  changed <- copy_job()
  changed$steps[[1]]$instance_count <- 3
  lines <- format(job_plan(changed, diff = TRUE))
  expect_identical(lines[1:2], c(paste("--- run", run$id), "+++ this plan"))
  differ <- sub("^[+-] +", "", grep("^[+-] ", lines, value = TRUE))
  expect_identical(differ, paste0("\"InstanceCount\": ", 2:3, ","))
  expect_error(job_plan(copy_job(), diff = "yes"), class = "shardr_error_spec_invalid")
})
