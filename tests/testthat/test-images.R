test_that("an image is built and then listed with what is inside", {
  local_job_folder()
  made <- suppressMessages(image_build("processing"))
  expect_s3_class(made, "shardr_images")
  expect_identical(made$state, "built")
  listed <- images()
  expect_identical(listed$name, c("processing", "dbscan"))
  expect_identical(as.data.frame(listed)[1L, ], as.data.frame(made)[1L, ])
  expect_identical(listed$r_packages[[1]][["data.table"]], "1.14.8")
  expect_gt(listed$size[[1]], 1e8)
  expect_s3_class(listed$created, "POSIXct")
  expect_output(print(listed), "shardr/processing:latest  built ")
})

test_that("an image that is not there is missing and has no numbers", {
  local_job_folder()
  found <- images(tag = "nobody-made-this")
  expect_identical(found$state, c("missing", "missing"))
  expect_true(all(is.na(found$size)))
  expect_identical(found$r_packages, list(character(), character()))
  expect_output(print(found), "missing")
})

test_that("what cannot be built is told in a condition", {
  local_job_folder()
  expect_error(suppressMessages(image_build("procesing")), "processing and dbscan", class = "shardr_error_image")
  expect_error(image_build("processing", tag = 1), "tag", class = "shardr_error_image")
  withr::local_envvar(DOCKER_HOST = "unix:///nonexistent/docker.sock")
  expect_error(images(), "no Docker daemon", class = "shardr_error_runner_unavailable")
})

test_that("what an error says to type is said in R's words", {
  expect_identical(in_r_words("`shardr images build processing` makes it"), "`image_build(\"processing\")` makes it")
})
