test_that("the doctor finds this R and its packages", {
  local_job_folder()
  found <- doctor()
  expect_s3_class(found, "shardr_doctor")
  expect_true(found$ok[found$name == "R package shardr"])
  expect_match(found$found[found$name == "R"], as.character(getRversion()), fixed = TRUE)
  expect_output(print(found), "R package shardr: found")
})

test_that("an example is copied with its data to a folder that is empty or not there", {
  local_job_folder()
  folder <- shardr_example("bank-marketing", "my bank")
  expect_true(all(c("job.yml", "filter.R", "process.R", "dataset") %in% list.files(folder)))
  expect_identical(job_plan(file.path(folder, "job.yml"))$steps$filter$instance_count, 2L)
  expect_error(shardr_example("bank-marketing", "my bank"), "not empty", class = "shardr_error_spec_invalid")
  expect_error(shardr_example("bank"), "bank-marketing", class = "shardr_error_not_found")
  expect_snapshot(error = TRUE, shardr_example(NA, to = 1))
})
