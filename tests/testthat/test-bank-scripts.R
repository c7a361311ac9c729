# The two scripts of the example, run by Rscript in instances as a job would start them.

examples <- function(...) {
  path <- system.file("examples", "bank-marketing", ..., package = "shardr")
  if (nzchar(path)) path else test_path("..", "..", "inst", "examples", "bank-marketing", ...)
}

columns <- c(
  "age", "job", "marital", "education", "default", "housing", "loan", "contact", "month", "day_of_week", "duration",
  "campaign", "pdays", "previous", "poutcome", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m",
  "nr.employed", "y"
)
dropped <- c("duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
header <- paste(columns, collapse = ",")
kept <- paste(setdiff(columns, dropped), collapse = ",")

# Rows like the example's, with many repeats and the texts that spoil a careless reader.
bank_lines <- function(n, seed) {
  withr::local_seed(seed)
  pick <- function(...) sample(c(...), n, replace = TRUE)
  paste(
    pick(17, 40, 98), pick("admin.", "blue-collar", "unknown"), pick("married", "NA"), pick("basic.4y", "\"a,b\""),
    pick("no", "unknown"), pick("yes", "no"), pick("no", ""), "cellular", pick("may", "jun"), pick("mon", "fri"),
    sample.int(4000, n, replace = TRUE), 1, pick(999, 6), 0, "nonexistent", "1.1", "93.994", "-36.4",
    pick("4.9639999999999995", "4.857"), "5191", pick("no", "yes"),
    sep = ","
  )
}

filtered <- function(lines) {
  # By text, without any reader: commas inside quotes are in one known value.
  fields <- strsplit(gsub("\"a,b\"", "\"a;b\"", lines, fixed = TRUE), ",", fixed = TRUE)
  kept <- vapply(fields, function(f) paste(f[!columns %in% dropped], collapse = ","), "")
  gsub("\"a;b\"", "\"a,b\"", kept, fixed = TRUE)
}

# Rows as the row ledger compares them, sorted: quotes that need not be and how a missing value is written do not count.
as_counted <- function(rows) {
  rows <- gsub("\"([^\",]*)\"", "\\1", unname(unlist(rows)))
  sort(gsub("(^|,)NA(?=,|$)", "\\1", rows, perl = TRUE), method = "radix")
}

run_script <- function(script, base, ...) {
  out <- withr::local_tempfile()
  status <- system2(
    file.path(R.home("bin"), "Rscript"), c(shQuote(examples(script)), ...),
    stdout = out, stderr = out,
    env = c(
      paste0("SHARDR_BASE_DIR=", shQuote(base)),
      paste0("R_LIBS=", shQuote(paste(.libPaths(), collapse = .Platform$path.sep)))
    )
  )
  # Messages are wrapped where the paths in them happen to end.
  list(status = status, log = gsub("\\s+", " ", paste(readLines(out, warn = FALSE), collapse = " ")))
}

# Runs filter.R on `size` instances, file i on instance assignment[i], and process.R on what they wrote together.
run_both <- function(files, size, assignment = (seq_along(files) - 1) %% size, env = parent.frame()) {
  hosts <- paste0("algo-", seq_len(size))
  split <- fake_opt_ml("filtered", c("train", "validation", "test"), env = env)
  for (i in seq_len(size)) {
    base <- fake_opt_ml(host = hosts[i], hosts = hosts, env = env)
    mine <- files[assignment == i - 1]
    for (name in names(mine)) put_input(base, "raw", name, mine[[name]])
    done <- run_script("filter.R", base)
    expect_identical(done$status, 0L, info = done$log)
    made <- list.files(in_output(base, "filtered"), full.names = TRUE)
    expect_length(made, length(mine))
    file.copy(made, file.path(split, "processing", "input", "filtered"))
  }
  done <- run_script("process.R", split)
  expect_identical(done$status, 0L, info = done$log)
  parts(split)
}

parts <- function(base) {
  sapply(c("train", "validation", "test"), function(part) {
    readLines(in_output(base, part, paste0("bank-marketing-", part, ".csv")))
  }, simplify = FALSE)
}

test_that("the split is the same, byte for byte, for 1, 2 and 7 instances and any assignment of files", {
  skip_if_not_installed("data.table")
  files <- lapply(1:5, function(i) c(header, bank_lines(40 * i, seed = i)))
  names(files) <- paste0("bank-", 1:5, ".csv")
  one <- run_both(files, 1)
  expect_identical(run_both(files, 2), one)
  expect_identical(run_both(files, 7), one)
  expect_identical(run_both(files, 2, assignment = c(1, 1, 0, 1, 0)), one)
  # Under other names the files come in another order, and the rows of a part with them; which rows they are stays.
  renamed <- run_both(rev(stats::setNames(files, rev(names(files)))), 3, assignment = c(2, 0, 0, 2, 2))
  expect_identical(lapply(renamed, sort, method = "radix"), lapply(one, sort, method = "radix"))

  rows <- lapply(one, `[`, -1)
  expect_identical(lengths(rows), c(train = 420L, validation = 90L, test = 90L))
  came <- filtered(unlist(lapply(files, `[`, -1)))
  expect_gt(sum(duplicated(came)), 20)
  expect_identical(as_counted(rows), as_counted(came))
})

test_that("the split does not depend on how the rows lie in the files, nor on their order", {
  skip_if_not_installed("data.table")
  lines <- filtered(bank_lines(500, seed = 9))
  split <- function(groups) {
    base <- fake_opt_ml("filtered", c("train", "validation", "test"))
    for (i in seq_along(groups)) put_input(base, "filtered", paste0(i, ".csv"), c(kept, groups[[i]]))
    done <- run_script("process.R", base)
    expect_identical(done$status, 0L, info = done$log)
    lapply(parts(base), function(part) sort(part[-1], method = "radix"))
  }
  one <- split(list(lines))
  expect_identical(lengths(one), c(train = 350L, validation = 75L, test = 75L))
  expect_identical(split(list(rev(lines))), one)
  expect_identical(split(unname(base::split(lines, rep(c(3, 1, 2, 2, 4), 100)))), one)
  expect_identical(split(list(character(), lines[301:500], lines[1:300])), one)
})

test_that("the real data goes through whole: as many rows, the same rows", {
  skip_if_not_installed("data.table")
  folder <- Sys.getenv("SHARDR_TEST_DATA", test_path("..", "..", "..", "shared", "data", "bank-marketing"))
  skip_if_not(dir.exists(folder), "the real data is not beside the checkout; SHARDR_TEST_DATA names its folder")
  paths <- list.files(folder, "[.]csv$", full.names = TRUE)
  files <- stats::setNames(lapply(paths, readLines), basename(paths))
  two <- run_both(files, 2)
  rows <- unlist(lapply(two, `[`, -1), use.names = FALSE)
  came <- filtered(unlist(lapply(files, `[`, -1), use.names = FALSE))
  expect_length(rows, length(came))
  expect_identical(sort(rows, method = "radix"), sort(came, method = "radix"))
  expect_identical(run_both(files, 7, assignment = c(6, 0, 0, 3)), two)
})

test_that("filter.R keeps files of one name in two sub-folders apart", {
  skip_if_not_installed("data.table")
  base <- fake_opt_ml()
  put_input(base, "raw", "2009/may.csv", c(header, bank_lines(3, 1)))
  put_input(base, "raw", "2010/may.csv", c(header, bank_lines(2, 2)))
  put_input(base, "raw", "notes.txt", "not a table")
  expect_identical(run_script("filter.R", base)$status, 0L)
  expect_setequal(
    list.files(in_output(base, "filtered"), recursive = TRUE), c("2009/may_processed.csv", "2010/may_processed.csv")
  )
  expect_length(readLines(in_output(base, "filtered", "2009", "may_processed.csv")), 4)
  expect_match(readLines(file.path(base, "output", "message"), warn = FALSE), "algo-1: 5 rows, 6 columns dropped")
})

test_that("an empty shard writes nothing, and a header alone stays a header with the columns left", {
  skip_if_not_installed("data.table")
  empty <- fake_opt_ml()
  expect_identical(run_script("filter.R", empty)$status, 0L)
  expect_length(list.files(in_output(empty, "filtered")), 0)

  base <- fake_opt_ml()
  put_input(base, "raw", "none.csv", header)
  expect_identical(run_script("filter.R", base)$status, 0L)
  expect_identical(
    readLines(in_output(base, "filtered", "none_processed.csv")), paste(setdiff(columns, dropped), collapse = ",")
  )
})

test_that("filter.R names the file and the columns it lacks", {
  skip_if_not_installed("data.table")
  base <- fake_opt_ml()
  put_input(base, "raw", "good.csv", c(header, bank_lines(1, 1)))
  put_input(base, "raw", "bad.csv", c(sub("job,marital", "work,marital", header), bank_lines(1, 1)))
  done <- run_script("filter.R", base)
  expect_identical(done$status, 1L)
  expect_match(done$log, "bad.csv", fixed = TRUE)
  expect_match(done$log, "no column job", fixed = TRUE)
  expect_no_match(done$log, "good.csv", fixed = TRUE)
})

test_that("filter.R names the file with a value that is not of its type", {
  skip_if_not_installed("data.table")
  base <- fake_opt_ml()
  put_input(base, "raw", "bad.csv", c(header, bank_lines(2, 1), sub("^[0-9]+", "forty", bank_lines(1, 2))))
  done <- run_script("filter.R", base)
  expect_identical(done$status, 1L)
  expect_match(done$log, "bad.csv", fixed = TRUE)
  expect_match(done$log, "age", fixed = TRUE)
})

test_that("process.R writes headers when there are no rows, or no files at all", {
  skip_if_not_installed("data.table")
  for (with_file in c(FALSE, TRUE)) {
    base <- fake_opt_ml("filtered", c("train", "validation", "test"))
    if (with_file) put_input(base, "filtered", "none.csv", kept)
    expect_identical(run_script("process.R", base)$status, 0L)
    expect_identical(parts(base), list(train = kept, validation = kept, test = kept))
  }
})

test_that("process.R names the file whose columns are not those of the others", {
  skip_if_not_installed("data.table")
  base <- fake_opt_ml("filtered", c("train", "validation", "test"))
  put_input(base, "filtered", "a.csv", c(kept, filtered(bank_lines(2, 1))))
  put_input(base, "filtered", "b.csv", c(sub("age", "years", kept), filtered(bank_lines(2, 1))))
  done <- run_script("process.R", base)
  expect_identical(done$status, 1L)
  expect_match(done$log, "b.csv has no column age; has a further column years.", fixed = TRUE)
})

test_that("seed and shares can be set, and each seed gives its own split of the same rows", {
  skip_if_not_installed("data.table")
  lines <- filtered(bank_lines(100, 1))
  split <- function(...) {
    base <- fake_opt_ml("filtered", c("train", "validation", "test"))
    put_input(base, "filtered", "some.csv", c(kept, lines))
    expect_identical(run_script("process.R", base, ...)$status, 0L)
    lapply(parts(base), `[`, -1)
  }
  first <- split("--seed", "1")
  expect_identical(split("--seed", "1"), first)
  second <- split("--seed", "2", "--train", "0.5", "--validation", "0.5")
  expect_identical(lengths(second), c(train = 50L, validation = 50L, test = 0L))
  expect_false(identical(head(first$train, 50), second$train))
  rows <- function(parts) sort(unlist(parts, use.names = FALSE), method = "radix")
  expect_identical(rows(first), rows(second))
  expect_identical(withr::with_envvar(c(SPLIT_SEED = "1"), split()), first)
})

test_that("shares that cannot be and a seed that is no number are refused", {
  skip_if_not_installed("data.table")
  base <- fake_opt_ml("filtered", c("train", "validation", "test"))
  wrong <- run_script("process.R", base, "--train", "0.9", "--validation", "0.2")
  expect_identical(wrong$status, 1L)
  expect_match(wrong$log, "at most 1 together, found: 0.9, 0.2", fixed = TRUE)
  no_number <- run_script("process.R", base, "--seed", "once")
  expect_match(no_number$log, "--seed must be a number, found: once", fixed = TRUE)
  mistyped <- run_script("process.R", base, "--sed", "1")
  expect_identical(mistyped$status, 1L)
  expect_match(mistyped$log, "found: --sed, 1", fixed = TRUE)
  expect_match(run_script("process.R", base, "--seed")$log, "a number after each; found: --seed", fixed = TRUE)
})
