# Read by R at the start of every script in an instance: an uncaught error says where it came from before R ends.
options(error = function() {
  # the frames below this handler's own are the script's
  calls <- utils::limitedLabels(utils::head(sys.calls(), -1L))
  if (length(calls) > 0L) {
    lines <- paste0("  ", seq_along(calls), ": ", calls)
    message("Traceback (innermost call first):\n", paste(rev(lines), collapse = "\n"))
  }
  quit(save = "no", status = 1L)
})
