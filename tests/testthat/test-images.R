test_that("an image is built and then listed with what is inside", {
  local_job_folder()
  made <- suppressMessages(image_build("processing"))
  expect_s3_class(made, "shardr_images")
  expect_identical(made$state, "built")
  listed <- images()
  expect_identical(listed$name[1:2], c("processing", "serving"))
  expect_identical(as.data.frame(listed)[1L, ], as.data.frame(made)[1L, ])
  expect_identical(listed$r_packages[[1]][["data.table"]], "1.14.8")
  expect_gt(listed$size[[1]], 1e8)
  expect_s3_class(listed$created, "POSIXct")
  expect_output(print(listed), "shardr/processing:latest  built ")
})

test_that("an image that is not there is missing and has no numbers", {
  local_job_folder()
  found <- images(tag = "nobody-made-this")
  expect_identical(found$state, rep("missing", 7L))
  expect_true(all(is.na(found$size)))
  expect_identical(found$r_packages, rep(list(character()), 7L))
  expect_output(print(found), "missing")
})

test_that("what cannot be built is told in a condition", {
  local_job_folder()
  known <- "processing, serving, dbscan, python, kmeans, pca and xgboost"
  expect_error(suppressMessages(image_build("procesing")), known, class = "shardr_error_image")
  expect_error(image_build("processing", tag = 1), "tag", class = "shardr_error_image")
  withr::local_envvar(DOCKER_HOST = "unix:///nonexistent/docker.sock")
  expect_error(images(), "no Docker daemon", class = "shardr_error_runner_unavailable")
})

test_that("a folder with a Dockerfile becomes an image, as its .dockerignore and its name say", {
  local_job_folder()
  dir.create("my code & data")
  withr::local_dir("my code & data")
  put_lines("Dockerfile", c("# Use it in a spec: image: shardr-tests/of-r", "FROM debian:bookworm-slim", "COPY . /x/"))
  put_lines("secret", "s")
  put_lines(".dockerignore", "secret")
  made <- suppressMessages(image_build("."))
  withr::defer(system2("docker", c("rmi", "-f", made$uri), stdout = FALSE, stderr = FALSE))
  expect_identical(c(made$name, made$uri, made$state), c("shardr-tests/of-r", "shardr-tests/of-r:latest", "built"))
  expect_identical(made$base, "debian:bookworm-slim")
  expect_gt(made$size, 1e7)
  expect_true(made$uri %in% images()$uri)
  expect_identical(system2("docker", c("run", "--rm", made$uri, "ls", "/x"), stdout = TRUE), "Dockerfile")
})

test_that("all that no folder can be built with is told in R's words", {
  local_job_folder()
  dir.create("empty")
  error <- expect_error(suppressMessages(image_build("empty", base = "debian")), class = "shardr_error_image")
  expect_identical(error$problems$path[1], "base")
  expect_match(conditionMessage(error), "image_init(", fixed = TRUE)
  put_lines("empty/Dockerfile", c("FROM debian:bookworm-slim", "RUN echo the reason; exit 7"))
  expect_error(suppressMessages(image_build("empty")), "the reason", class = "shardr_error_image")
  expect_error(image_build("empty", name = 1, file = NA), "name", class = "shardr_error_image")
})

test_that("what an error says to type is said in R's words", {
  expect_identical(in_r_words("`shardr images build processing` makes it"), "`image_build(\"processing\")` makes it")
})
