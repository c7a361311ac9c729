test_that("YAML is written for people, and each of its values is JSON", {
  file <- withr::local_tempfile(fileext = ".yml")
  full <- pipeline("p", parameters = list(y = parameter("path", "d\u00e9/")), permute = 7) |>
    processing_step(
      "a",
      code = "a.R", inputs = c(raw = "${y}"), outputs = c("o", "p"), environment = c(A = "b: c"),
      expect = rows_fewer()
    )
  spec_write(full, file)
  expect_snapshot(cat(readLines(file, encoding = "UTF-8"), sep = "\n"))
})

test_that("a file that is there is replaced only when that is said", {
  file <- withr::local_tempfile(fileext = ".yml")
  put_lines(file, "# by hand")
  expect_error(spec_write(copy_job(), file), "overwrite = TRUE", class = "shardr_error_spec_invalid")
  expect_identical(readLines(file), "# by hand")
  spec_write(copy_job(), file, overwrite = TRUE)
  expect_identical(readLines(file)[1], "name: \"copy\"")
})

test_that("YAML written here is read by the Python half as the same job", {
  local_job_folder()
  spec_write(copy_job(), "job.yml")
  expect_identical(job_plan("job.yml")$steps$copy$shards, job_plan(copy_job())$steps$copy$shards)
})

test_that("YAML is read back as the same job, and YAML that is none is refused", {
  local_job_folder()
  spec_write(copy_job(), "job.yml")
  expect_identical(spec_json(spec_read("job.yml")), spec_json(copy_job()))
  put_lines("torn.yml", "name: [")
  expect_error(spec_read("torn.yml"), "is not readable as YAML", class = "shardr_error_spec_invalid")
})

test_that("a spec that was read starts its paths from its folder", {
  folder <- withr::local_tempdir()
  spec_write(copy_job(), file.path(folder, "job.json"))
  withr::local_dir(folder)
  expect_identical(basename(attr(spec_read("job.json"), "base")), basename(folder))
})

test_that("shorthand in a JSON file is read as what it stands for", {
  file <- withr::local_tempfile(fileext = ".json")
  put_lines(file, paste0(
    "{\"name\":\"p\",\"steps\":{\"name\":\"a\",\"code\":\"a.R\",\"arguments\":[\"--n\",2],",
    "\"inputs\":{\"name\":\"raw\",\"source\":\"d/\"},\"outputs\":\"o\"}}"
  ))
  full <- pipeline("p") |>
    processing_step("a", code = "a.R", arguments = c("--n", 2), inputs = c(raw = "d/"), outputs = "o")
  expect_identical(spec_json(spec_read(file)), spec_json(full))
  expect_identical(format(spec_read(file)), format(full))
})

test_that("a file that is no spec is refused with all that is wrong", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  put_lines("bad.json", "{\"name\":\"p q\",\"stepps\":[],\"steps\":[{\"name\":\"a\",\"instance_count\":\"two\"}]}")
  put_lines("torn.json", "{\"name\":")
  expect_snapshot(error = TRUE, spec_read("bad.json"))
  expect_error(spec_read("torn.json"), "is not JSON", class = "shardr_error_spec_invalid")
  expect_snapshot(error = TRUE, spec_read("job.txt"))
  expect_snapshot(error = TRUE, spec_read("badd.json"))
  expect_snapshot(error = TRUE, spec_json(list(name = "p")))
})
