# The address of a registry on loopback, Debian's docker-registry; with it goes what was pushed to it.
local_registry <- function(env = parent.frame()) {
  at <- paste0("127.0.0.1:", 20000L + Sys.getpid() %% 10000L)
  put_lines("registry.yml", c(
    "version: 0.1", "log: {level: error}", paste0("storage: {filesystem: {rootdirectory: '", getwd(), "/kept'}}"),
    paste0("http: {addr: '", at, "'}")
  ))
  pid <- system("docker-registry serve registry.yml >registry.log 2>&1 & echo $!", intern = TRUE)
  withr::defer(
    {
      tools::pskill(as.integer(pid))
      system2("docker", c("rmi", paste0(at, "/base:1")), stdout = FALSE, stderr = FALSE)
    },
    envir = env
  )
  for (i in 1:100) {
    found <- tryCatch(suppressWarnings(readLines(paste0("http://", at, "/v2/"), warn = FALSE)), error = identity)
    if (is.character(found)) return(at)
    Sys.sleep(0.1)
  }
  stop("docker-registry does not start: ", paste(readLines("registry.log"), collapse = "\n"))
}

test_that("what cannot be pushed is told at once, with all that is wrong", {
  local_job_folder()
  error <- expect_error(image_push("processing", "Not A Name", tag = "a b"), class = "shardr_error_image")
  expect_identical(error$problems$path, c("repository", "tag"))
  expect_error(image_push(1, ecr = NA), "ecr", class = "shardr_error_image")
})

test_that("an image comes to a registry and its address has the digest", {
  local_job_folder()
  at <- local_registry()
  pushed <- suppressMessages(image_push("debian:bookworm-slim", paste0(at, "/base"), tag = "1"))
  expect_identical(pushed$uri, paste0(at, "/base@", pushed$digest))
  expect_match(pushed$digest, "^sha256:[0-9a-f]{64}$")
  expect_identical(pushed$tag, "1")
})

test_that("a registry that does not answer is told in a condition", {
  local_job_folder()
  expect_error(
    suppressMessages(image_push("debian:bookworm-slim", "127.0.0.1:1/base")), "cannot be reached",
    class = "shardr_error_image"
  )
})
