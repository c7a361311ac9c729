test_that("the job of a project is its job.yml, and a folder without one is refused", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  expect_error(project_job_in(folder, NULL), "There is no job.yml", class = "shardr_error_not_found")
  put_lines("job.yml", "name: p")
  expect_identical(project_job_in(folder, NULL), file.path(folder, "job.yml"))
})

test_that("each add-in that the menu offers is a function of the package", {
  listed <- read.dcf(system.file("rstudio", "addins.dcf", package = "shardr"))
  expect_gt(nrow(listed), 0)
  for (name in listed[, "Binding"]) expect_true(is.function(get(name, envir = asNamespace("shardr"))))
})
