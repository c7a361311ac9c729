# Numbers and tables in the words that the shell uses too.

# 41,177; a dash for what is not known.
counted <- function(x) {
  if (length(x) == 0L || is.na(x)) "-" else format(x, big.mark = ",", scientific = FALSE, trim = TRUE)
}

count_of <- function(n, noun) paste0(counted(n), " ", noun, if (n != 1) "s")

# 0.6, or 12:05 from two minutes on; a dash for what has not begun.
seconds_text <- function(x) {
  if (length(x) == 0L || is.na(x)) return("-")
  if (x < 120) sprintf("%.1f", x) else sprintf("%.0f:%02.0f", x %/% 60, floor(x %% 60))
}

size_text <- function(bytes) {
  if (bytes < 1000) return(paste(bytes, "B"))
  power <- min(floor(log10(bytes) / 3), 4)
  sprintf("%.1f %s", bytes / 1000^power, c("kB", "MB", "GB", "TB")[power])
}

# 14:05 for today, else the date and the time.
time_text <- function(time) {
  if (is.na(time)) return("-")
  today <- identical(format(time, "%Y-%m-%d"), format(Sys.time(), "%Y-%m-%d"))
  format(time, if (today) "%H:%M" else "%Y-%m-%d %H:%M")
}

# The lines of a table, as wide as it needs to be: columns of text with their names as heads, `numbers` to the right.
table_lines <- function(columns, numbers = character()) {
  filled <- lapply(seq_along(columns), function(i) {
    head <- names(columns)[i]
    format(c(head, columns[[i]]), justify = if (isTRUE(head %in% numbers)) "right" else "left")
  })
  sub(" +$", "", do.call(paste, c(filled, sep = "  ")))
}
