# Requests and answers are those of the Python half: tests/contract/serving.json.

cases <- function() contract_cases("serving.json")

refusal <- function(code) tryCatch(code, shardr_refusal = identity)

test_that("requests are read as the contract has them", {
  for (case in cases()$requests) {
    body <- if (is.null(case$body_hex)) charToRaw(enc2utf8(case$body)) else from_hex(case$body_hex)
    found <- refusal(request_data(body, case$content_type, unlist(case$columns)))
    if (!is.null(case$status)) {
      expect_s3_class(found, "shardr_refusal")
      expect_equal(found$status, case$status, info = case$name)
      expect_true(grepl(case$told, conditionMessage(found), fixed = TRUE), info = paste(case$name, found$message))
      next
    }
    rows <- lapply(seq_len(nrow(found)), function(i) lapply(as.list(found[i, , drop = FALSE]), `[[`, 1L))
    if (is.null(names(case$rows[[1L]]))) rows <- lapply(rows, unname)
    missing <- function(value) if (is.null(value) || is.na(value)) "missing" else value
    expect_equal(lapply(rows, lapply, missing), lapply(case$rows, lapply, missing), info = case$name)
  }
})

test_that("text that is none is refused with its line", {
  expect_match(refusal(request_text(as.raw(c(0x61, 0x0a, 0xff))))$message, "line 2: not in UTF-8")
  expect_match(refusal(request_text(as.raw(c(0x61, 0x00))))$message, "bytes of zero")
})

test_that("answers are written as the contract has them", {
  for (case in cases()$answers) {
    rows <- case$prediction
    prediction <- if (is.null(names(rows[[1L]])) && is.list(rows[[1L]])) {
      do.call(rbind, lapply(rows, unlist))
    } else if (is.list(rows[[1L]])) {
      do.call(rbind, lapply(rows, as.data.frame))
    } else {
      json_column(rows)
    }
    for (form in names(form_types)) {
      expect_identical(as.character(answer_text(prediction, form_types[[form]])), case[[form]], info = case$name)
    }
  }
})

test_that("an answer has the type that is accepted, or the form of the request", {
  for (case in cases()$types) {
    found <- refusal(answer_type(case$accept, case$content_type))
    if (is.null(case$status)) expect_identical(found, case$type) else expect_match(found$message, case$told)
  }
  withr::local_envvar(SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT = "text/csv")
  expect_identical(answer_type("", "application/json"), "text/csv")
})

test_that("factors, matrices with names and lists have their answers", {
  expect_identical(answer_text(factor(c("a", "b")), "text/csv"), "a\nb\n")
  named <- predict(lm(dist ~ speed, cars), data.frame(speed = 10), interval = "confidence")
  expect_match(answer_text(named, "application/json"), "^\\{\"predictions\":\\[\\{\"fit\":21.7")
  expect_identical(answer_text(list(list(a = 1), list(a = 2:3)), "application/jsonlines"), "{\"a\":1}\n{\"a\":[2,3]}\n")
  predicted <- predict(lm(dist ~ speed, cars), data.frame(speed = 4)) # a vector with names
  expect_identical(as.numeric(answer_text(predicted, "text/csv")), unname(predicted)) # not a digit is lost
})

test_that("an element of JSON is a line of JSON lines, whatever a model gives", {
  rows <- data.frame(a = c(TRUE, NA), b = c(NA, "\u00e9\n\""), c = c(1L, NA), d = c(1e5, Inf), row.names = c("x", "2"))
  rows$e <- list(0.1, c(1 / 3, NA))
  given <- list(
    list(rows, c(
      '{"a":true,"b":null,"c":1,"d":100000,"e":0.1,"_row":"x"}',
      '{"a":null,"b":"\u00e9\\n\\"","c":null,"d":null,"e":[0.3333333333333333,null],"_row":"2"}'
    )),
    list(list(list(a = 1, b = 2:3, c = NULL, list()), list(a = list(x = NA))), c(
      '{"a":1,"b":[2,3],"c":null,"4":[]}', '{"a":{"x":null}}'
    )),
    list(list(1, c(0.1 + 0.2, 2), I(3), character(), factor("u"), as.Date("2024-01-02"), rows[1, "d", drop = FALSE]), c(
      "1", "[0.30000000000000004,2]", "[3]", "[]", '"u"', '"2024-01-02"', '[{"d":100000,"_row":"x"}]'
    )),
    list(list(data.frame(f = factor("u"), d = as.Date("2024-01-02"), i = I(1))), '[{"f":"u","d":"2024-01-02","i":1}]'),
    list(matrix(c(1, 0.5), 2L), c("[1]", "[0.5]")),
    list(array(1:8, c(2L, 2L, 2L)), c("[[1,5],[3,7]]", "[[2,6],[4,8]]")),
    list(data.frame(a = 1)[0L, , drop = FALSE], character())
  )
  for (case in given) {
    expect_identical(answer_text(case[[1L]], "application/jsonlines"), lines_text(case[[2L]]))
    json <- paste0('{"predictions":[', paste(case[[2L]], collapse = ","), "]}")
    expect_identical(answer_text(case[[1L]], "application/json"), json)
    expect_true(jsonlite::validate(json))
  }
})

test_that("one worker has its second try, and nginx its own ping", {
  conf <- paste(nginx_conf("/run", "/run/1.sock"), collapse = "\n")
  expect_identical(lengths(regmatches(conf, gregexpr("server unix:/run/1.sock", conf))), 2L)
  expect_match(conf, "location = /ping { return 200; }", fixed = TRUE)
})

test_that("no predictions have no lines", {
  expect_identical(answer_text(numeric(), "text/csv"), "")
  expect_identical(answer_text(list(), "application/jsonlines"), "")
})

test_that("numbers that are not finite are missing in every form, as in Python", {
  expect_identical(answer_text(c(Inf, 1, NaN), "text/csv"), "\n1\n\n")
  expect_identical(answer_text(c(Inf, 1, NaN), "application/jsonlines"), "null\n1\nnull\n")
})
