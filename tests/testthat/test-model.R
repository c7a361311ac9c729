# Files of the model are written whole, in forms that read back the same, and hosts do not clash.

test_that("the host stands before the name where there are several", {
  base <- in_training_instance()
  expect_identical(model_path("part.csv"), file.path(base, "model", "part.csv"))
  base <- in_training_instance(host = "algo-2", hosts = c("algo-1", "algo-2"))
  expect_identical(model_path("deep/er/part.csv"), file.path(base, "model", "deep/er", "algo-2-part.csv"))
  expect_true(dir.exists(file.path(base, "model", "deep", "er")))
})

test_that("a name that leaves the folder is refused", {
  in_training_instance()
  for (name in list("", "/x", "../x", "a/../x", "..", "a/", ".", NULL, c("a", "b"))) {
    expect_error(model_path(name), "inside the folder of the model", class = "shardr_error_data")
  }
})

test_that("frames become text, as outputs do", {
  in_training_instance()
  path <- save_model(data.frame(a = c(0.1 + 0.2, NA), b = c("x", "\u00e9")), "part.csv")
  expect_identical(file_text(path), "a,b\n0.30000000000000004,x\n,\u00e9\n")
  expect_true(file.exists(save_model(cars, "cars.jsonl.gz")))
  expect_error(save_model(data.frame(a = I(list(1))), "a.csv"), "list column", class = "shardr_error_data")
})

test_that("lists become JSON with names in order, and numbers read back the same", {
  in_training_instance()
  value <- list(z = c(0.1 + 0.2, 1e-300), a = list("\u00e9" = "x\n", one = 1L, few = I(1), no = NULL, gap = NA))
  path <- save_model(value, "about.json")
  expect_identical(
    file_text(path),
    "{\"a\":{\"few\":[1],\"gap\":null,\"no\":null,\"one\":1,\"\u00e9\":\"x\\n\"},\"z\":[0.30000000000000004,1e-300]}"
  )
  expect_identical(file_text(save_model(list(), "a.json")), "[]")
  expect_identical(file_text(save_model(c(a = 1, b = NA), "a.json")), "{\"a\":1,\"b\":null}")
  expect_identical(file_text(save_model(matrix(1:4, 2), "a.json")), "[[1,3],[2,4]]")
  expect_identical(file_text(save_model(matrix(1:2, 2), "a.json")), "[[1],[2]]")
  frame <- data.frame(n = 1:2, f = factor(c("x", NA)), d = as.Date("2024-01-31"))
  expect_identical(
    file_text(save_model(frame, "a.json")),
    "[{\"d\":\"2024-01-31\",\"f\":\"x\",\"n\":1},{\"d\":\"2024-01-31\",\"f\":null,\"n\":2}]"
  )
})

test_that("anything becomes RDS", {
  in_training_instance()
  expect_equal(coef(readRDS(save_model(lm(dist ~ speed, cars), "m.rds"))), coef(lm(dist ~ speed, cars)))
})

test_that("what has no form is refused, leaves nothing, and keeps the file before", {
  base <- in_training_instance()
  expect_error(save_model(cars, "model.bin"), "has no form for", class = "shardr_error_data")
  expect_error(save_model(mean, "mean.json"), "has no form for", class = "shardr_error_data")
  expect_error(save_model(list(a = Inf), "a.json"), "infinite", class = "shardr_error_data")
  save_model(1, "a.json")
  expect_error(write_whole(model_path("a.json"), function(partial) {
    cat("half", file = partial)
    stop("disk full")
  }, NULL), "disk full")
  expect_identical(list.files(file.path(base, "model"), all.files = TRUE, no.. = TRUE), "a.json")
  expect_identical(file_text(base, "model", "a.json"), "1")
})
