# Read by R at the start of every script in an instance: an uncaught error says where it came from before R ends.
options(
  rlang_backtrace_on_error = "none", # one traceback is enough, and rlang makes none for the errors of others
  error = function() {
    # the frames below this handler's own are the script's, up to those that only raise the error
    calls <- utils::head(sys.calls(), -1L)
    raising <- c("stop", "signal_abort", "abort", "cli_abort", "container_abort")
    heads <- vapply(calls, function(call) sub(".*::", "", deparse(call[[1L]], nlines = 1L)[1L]), "")
    calls <- utils::limitedLabels(utils::head(calls, max(0L, which(!heads %in% raising))))
    if (length(calls) > 0L) {
      lines <- paste0("  ", seq_along(calls), ": ", calls)
      message("Traceback (innermost call first):\n", paste(rev(lines), collapse = "\n"))
    }
    quit(save = "no", status = 1L)
  }
)
