test_that("the example has no difference", {
  local_job_folder()
  suppressMessages(image_build("processing"))
  folder <- shardr_example("bank-marketing", "bank")
  found <- suppressMessages(job_parity(file.path(folder, "job.yml")))
  expect_true(found$same)
  expect_identical(dim(found$differences), c(0L, 5L))
  expect_identical(found$compared, c(steps = 2, instances = 3, files = 7, looks = 3))
  expect_setequal(jobs()$run, found$runs)
  expect_output(print(found), "^no difference between process and docker in 2 steps, 3 instances and 7 files of output")
})

test_that("what differs is a data frame and prints with both sides", {
  local_job_folder()
  put_lines("who.R", c(
    "writeLines(if (file.exists(\"/.dockerenv\")) \"in\" else \"out\", \"/opt/ml/processing/output/where/x.txt\")",
    "if (!file.exists(\"/.dockerenv\")) shardr::job_message(\"h\u00e9re\")"
  ))
  job <- pipeline("where", processing_step("look", code = "who.R", outputs = "where"))
  found <- suppressMessages(job_parity(job))
  expect_false(found$same)
  expect_identical(found$differences, data.frame(
    step = "look", instance = NA_character_, what = c("message", "output where/x.txt"),
    process = c("\"h\u00e9re\\n\"", "line 1: \"out\""), docker = c(NA, "line 1: \"in\"")
  ))
  expect_output(print(found), "look: message\n  process  \"h\u00e9re\\n\"\n  docker   not there\n", fixed = TRUE)
  expect_output(print(found), "2 differences between process and docker in 1 step, 1 instance and 1 file of output")
})

test_that("what cannot be compared is an error of its kind, and nothing runs", {
  local_job_folder()
  expect_error(job_parity(copy_job(), instances = 3), "set = list(instances = 3)", fixed = TRUE,
               class = "shardr_error_spec_invalid")
  expect_error(
    job_parity(pipeline("p", processing_step("n", code = "copy.R", image = "nobody/made:this"))),
    "nobody/made:this", class = "shardr_error_image"
  )
  withr::local_envvar(DOCKER_HOST = "unix:///nonexistent/docker.sock")
  expect_error(job_parity(copy_job()), "Docker daemon", class = "shardr_error_runner_unavailable")
  expect_identical(nrow(jobs()), 0L)
})
