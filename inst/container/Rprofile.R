# Read by R at the start of every script in an instance: an uncaught error prints where it came from before R ends.
options(error = quote({
  calls <- rev(head(limitedLabels(sys.calls()), -1))
  if (length(calls)) writeLines(c("Traceback (innermost call first):", paste0("  ", seq_along(calls), ": ", calls)), stderr())
  quit(save = "no", status = 1)
}))
