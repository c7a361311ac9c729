# Every error of the verbs: one root class, a code shared with the Python half, all problems at once.

# Stops with an error of the given code. `problems` is a list of problems as problem() makes them, with their paths.
# Texts are shown as they are: braces in them mean nothing.
shardr_abort <- function(code, message, problems = list(), why = NULL, fix = NULL, ..., call = NULL) {
  lines <- vapply(problems, problem_line, "")
  bullets <- c(message, rlang::set_names(lines, rep("x", length(lines))), "!" = why, i = fix)
  cli::cli_abort(
    as_shown(bullets),
    class = c(paste0("shardr_error_", code), "shardr_error"),
    code = code, problems = problems_frame(problems), ..., call = call,
    trace = users_trace(call)
  )
}

# How the user came to the verb that stops. What happened inside of it helps nobody, and a verb alone is in the message.
users_trace <- function(call) {
  on_stack <- any(vapply(sys.frames(), identical, TRUE, call))
  trace <- if (on_stack) rlang::trace_back(bottom = call) else rlang::trace_back()
  if (on_stack && all(trace$namespace %in% "shardr")) trace[0, ] else trace
}

# One thing that is wrong, for those who gather several before they stop. Its place is filled in later.
problem <- function(message, fix = NULL, path = "") {
  structure(list(path = path, message = message, fix = fix), class = "shardr_problem")
}

is_problem <- function(x) inherits(x, "shardr_problem")

# The same problem, `path` put before its own place.
problem_at <- function(problem, path) {
  inner <- problem$path
  joint <- if (!nzchar(inner) || !nzchar(path) || startsWith(inner, "[")) "" else "$"
  problem$path <- paste0(path, joint, inner)
  problem
}

# The arguments as they are, or one error with all that is wrong with them. Problems stand in their places among the
# values, as the functions of coerce.R leave them; `more` are problems found elsewhere.
checked <- function(given, code, message, call, more = list()) {
  wrong <- vapply(given, is_problem, TRUE)
  problems <- c(unname(Map(problem_at, given[wrong], names(given)[wrong])), more)
  if (length(problems)) shardr_abort(code, message, problems, call = call)
  given
}

problem_line <- function(problem) {
  text <- if (nzchar(problem$path)) paste0(problem$path, ": ", problem$message) else problem$message
  if (is.null(problem$fix)) text else paste0(text, " (", problem$fix, ")")
}

problems_frame <- function(problems) {
  part <- function(name) vapply(problems, function(problem) problem[[name]] %||% NA_character_, "")
  data.frame(path = part("path"), message = part("message"), fix = part("fix"))
}

# Text as cli shows it unchanged: no brace is code, and a line ends where it ends.
as_shown <- function(text) {
  text <- gsub("([{}])", "\\1\\1", text)
  gsub("\n", "\f", text, fixed = TRUE)
}

`%||%` <- function(x, y) if (is.null(x)) y else x
