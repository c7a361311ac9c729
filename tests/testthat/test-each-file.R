# One file per core: what comes back, and what happens when something goes wrong in one of the processes.

test_that("the results come in the order of the files, NULL included", {
  files <- c("c", "a", "b", "d", "e")
  expect_identical(each_file(files, toupper, cores = 2), list("C", "A", "B", "D", "E"))
  expect_identical(each_file(files, function(file) if (file != "b") file, cores = 3), list("c", "a", NULL, "d", "e"))
  expect_identical(each_file(files, toupper), each_file(files, toupper, cores = 1))
  expect_identical(each_file(character(), toupper), list())
})

test_that("with two cores there are two processes", {
  skip_on_os("windows")
  found <- unlist(each_file(letters[1:4], function(file) Sys.getpid(), cores = 2))
  expect_length(unique(found), 2)
  expect_false(Sys.getpid() %in% found)
})

test_that("an error of the function is raised as it is, with its class, after the other files", {
  folder <- withr::local_tempdir()
  for (cores in 1:2) {
    expect_error(
      each_file(c("a", "b", "c"), function(file) {
        if (file == "a") container_abort("{.file {file}} is bad.", "data", NULL)
        file.create(file.path(folder, paste0(file, cores)))
      }, cores = cores),
      "a.* is bad", class = "shardr_error_data"
    )
  }
  # One after the other, the first error is the end.
  expect_setequal(list.files(folder), if (.Platform$OS.type == "windows") character() else c("b2", "c2"))
})

test_that("a process that was killed is an error that names its file", {
  skip_on_os("windows")
  kill_at_b <- function(file) if (file == "b") tools::pskill(Sys.getpid(), tools::SIGKILL) else file
  found <- expect_error(each_file(c("a", "b"), kill_at_b, cores = 2), class = "shardr_error_data")
  expect_match(conditionMessage(found), "b.* was killed")
  expect_match(conditionMessage(found), "cores = 1", fixed = TRUE)
})
