# A script that says how long it takes, and prices of our own. By the clock the same machine would give another line
# each time that it is busy with something else.
telling_job <- function(seconds_per_kb = 0.25, env = parent.frame()) {
  reticulate::py_run_string("
import itertools
from shardr.api.advice import measure
by_the_clock, runs = measure.taken, itertools.count()
def said(run):
    found = [line.text.split()[1] for line in run.logs() if line.text.startswith('takes ')]
    return {run.steps[0].name: 0.3 + max(map(float, found)) + next(runs) / 10_000}
measure.taken, measure.BUSY = said, float('inf')  # this machine may be
")
  withr::defer(reticulate::py_run_string("measure.taken, measure.BUSY = by_the_clock, 0.5"), envir = env)
  for (i in 1:4) put_lines(sprintf("dataset/%d.csv", i), c("a,b", sprintf("%d,%d", 1:400, i)))
  put_lines("tell.R", c(
    "size <- sum(file.size(shardr::shard_files(\"raw\")))",
    sprintf("cat(\"takes\", %s * size / 1000, \"\\n\")", seconds_per_kb)
  ))
  pipeline("telling") |>
    processing_step(
      "nap", code = "tell.R", inputs = job_input("raw", "dataset/", distribution = "ShardedByS3Key"),
      instance_count = 2, max_runtime_seconds = 1000
    )
}

prices <- c(ml.m5.large = 0.36)

test_that("an estimate is at most the bound, and after a run what it took", {
  local_job_folder()
  job <- copy_job()
  job$steps[[1]]$max_runtime_seconds <- 1000
  before <- job_estimate(job, prices = prices)
  expect_identical(before$basis, "bound")
  expect_equal(attr(before, "dollars"), 2 * (1000 + 129) * 0.0001)
  expect_output(print(before), "at most $0.226 in us-east-1", fixed = TRUE)
  expect_identical(nrow(jobs()), 0L)
  suppressMessages(job_run(job))
  after <- job_estimate(job, prices = prices)
  expect_identical(c(after$basis, after$run), c("measured", jobs()$run))
  expect_equal(attr(after, "dollars"), 2 * (after$seconds + 129) * 0.0001)
  expect_false(attr(after, "at_most"))
})

test_that("a price that is not known is NA, and the way to it is in words of R", {
  local_job_folder()
  job <- copy_job()
  job$steps[[1]]$instance_type <- "ml.r5.24xlarge"
  found <- job_estimate(job, region = "us-east-1")
  expect_identical(attr(found, "dollars"), NA_real_)
  way <- "`prices_refresh()` asks AWS; or say the price yourself: prices = c("
  expect_match(attr(found, "notices"), way, fixed = TRUE)
  expect_error(job_estimate(job, prices = c(0.1)), "c(ml.m5.large = 0.115)", fixed = TRUE,
               class = "shardr_error_spec_invalid")
  expect_error(job_estimate(job, instances = 3), "set = list(instances = 3)", fixed = TRUE,
               class = "shardr_error_spec_invalid")
})

test_that("advice has the options, recommends one, prints and draws", {
  local_job_folder()
  found <- suppressMessages(job_advise(telling_job(), types = "ml.m5.large", instances = c(1, 2), prices = prices))
  expect_identical(found$options$where, c("here", "sagemaker", "sagemaker"))
  expect_identical(found$options$instances, c(1, 1, 2))
  expect_equal(found$options$minutes[1] * 60, 0.25 * found$bytes / 1000, tolerance = 0.5)
  expect_match(found$recommendation, "^Run it here")
  expect_identical(found$steps$step, "nap")
  expect_true(found$steps$scales)
  expect_gte(nrow(found$points), 3)
  expect_output(print(found), "2 x ml.m5.large", fixed = TRUE)
  expect_identical(as.data.frame(found), found$options)
  for (file in c("advice.png", "advice.pdf")) {
    expect_identical(withVisible(plot(found, file = file))$visible, FALSE)
    expect_gt(file.size(file), 2000)
  }
  expect_error(plot(found, file = "advice.doc"), "png", class = "shardr_error_data")
  expect_identical(nrow(jobs()), 0L)
})

test_that("samples that tell nothing forecast nothing, and say why", {
  local_job_folder()
  job <- telling_job()
  put_lines("tell.R", "cat(\"takes\", 2000 / sum(file.size(shardr::shard_files(\"raw\"))), \"\\n\")")
  found <- suppressMessages(job_advise(job, prices = prices))
  expect_identical(found$options$where, "here")
  expect_match(found$recommendation, "^Run it here: at most ")
  expect_match(found$notices, "step \"nap\": it")
  expect_silent(plot(found, file = "advice.png"))
})

test_that("a job that fails on a sample is an error with a way on in words of R", {
  local_job_folder()
  job <- telling_job()
  put_lines("tell.R", "stop(\"no luck\")")
  expect_error(suppressMessages(job_advise(job, prices = prices)), "parts = c(4, 2, 1)", fixed = TRUE,
               class = "shardr_error_job_failed")
})

test_that("AWS that cannot be asked is an error of its class", {
  local_job_folder()
  withr::local_envvar(
    AWS_ENDPOINT_URL_PRICING = "http://127.0.0.1:9", AWS_ACCESS_KEY_ID = "a", AWS_SECRET_ACCESS_KEY = "b",
    AWS_MAX_ATTEMPTS = "1"
  )
  expect_error(prices_refresh("eu-west-1"), class = "shardr_error_aws")
})
