test_that("a name alone becomes the map that needs no more than a name", {
  step <- part_schema("ProcessingStep")
  expect_identical(boxed(list(name = "a", outputs = "o"), step)$outputs, list(list(name = "o")))
  expect_identical(boxed(list(name = "a", outputs = list("o", list(name = "p"))), step)$outputs[[1]], list(name = "o"))
})

test_that("an empty list is a map where a map is meant, and a list where a list is meant", {
  found <- boxed(list(name = "a", environment = list(), arguments = list()), part_schema("ProcessingStep"))
  expect_identical(json_text(found), "{\"arguments\":[],\"environment\":{},\"name\":\"a\"}")
})

test_that("fields that repeat a default go, in lists and maps too", {
  spec <- list(name = "p", runner = "auto", steps = list(list(name = "a", instance_count = 1, arguments = list())))
  expect_identical(
    json_text(without_defaults(spec, part_schema())), "{\"name\":\"p\",\"steps\":[{\"name\":\"a\"}]}"
  )
})

test_that("each rule of the schema refuses what breaks it alone", {
  paths <- function(...) {
    given <- list(name = "a", ...)
    given <- given[!duplicated(names(given), fromLast = TRUE)]
    vapply(schema_problems(given, part_schema("ProcessingStep")), function(found) found$path, "")
  }
  expect_identical(paths(), character())
  expect_identical(paths(name = "a--b_"), "name")
  expect_identical(paths(name = strrep("a", 64)), "name")
  expect_identical(paths(instance_count = 0), "instance_count")
  expect_identical(paths(instance_count = 1.5), "instance_count")
  expect_identical(paths(max_runtime_seconds = 777601), "max_runtime_seconds")
  expect_identical(paths(network_isolation = "no"), "network_isolation")
  expect_identical(paths(instance_cuont = 1), "instance_cuont")
  expect_identical(paths(arguments = as.list(rep("x", 101))), "arguments")
  expect_identical(paths(image = ""), "image")
  expect_identical(paths(inputs = list(list(name = "raw"))), "inputs$source")
  expect_identical(paths(expect = list(rows = "same")), "expect$rows")
  expect_identical(paths(outputs = list(list(name = "o"), list(name = "p", path = "/tmp"))), "outputs[[2]]$path")
})

test_that("text with a reference is left to those who fill it in", {
  expect_length(schema_problems(list(name = "raw", source = "x", distribution = "${d}"), part_schema("Input")), 0)
})

test_that("a close name is offered, a far one is not", {
  expect_identical(did_you_mean("fliter", c("split", "filter")), "; did you mean \"filter\"?")
  expect_identical(did_you_mean("zzz", c("split", "filter")), "")
  expect_identical(did_you_mean("a", character()), "")
  fields <- c("instance_type", "instance_count")
  expect_identical(did_you_mean("instances", fields), "; did you mean \"instance_count\"?")
  expect_identical(did_you_mean("instances", c("name", "instance")), "; did you mean \"instance\"?")
  expect_identical(did_you_mean("instances", "name"), "")
  expect_true(all(unlist(synonyms) %in% names(formals(processing_step))))
})
