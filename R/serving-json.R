# JSON and JSON lines of a request as rows: records, columns, and what SageMaker's algorithms take and give.

json_value <- function(text) {
  tryCatch(jsonlite::parse_json(text), error = function(e) {
    reason <- sub("\n.*", "", conditionMessage(e))
    refuse(400L, "line ", json_fault(strsplit(text, "\n", fixed = TRUE)[[1L]]), ": no JSON, ", reason)
  })
}

# The line that the text stops being JSON in: up to the one before, only its end is missing.
json_fault <- function(lines) {
  good <- 0L
  bad <- length(lines)
  while (bad - good > 1L) {
    middle <- (good + bad) %/% 2L
    told <- attr(jsonlite::validate(paste(lines[seq_len(middle)], collapse = "\n")), "err")
    if (is.null(told) || grepl("premature EOF", told, fixed = TRUE)) good <- middle else bad <- middle
  }
  bad
}

json_line_values <- function(text) {
  lines <- strsplit(text, "\r?\n")[[1L]]
  values <- tryCatch(
    if (all(grepl("[^ \t]", lines))) jsonlite::parse_json(paste0("[", paste(lines, collapse = ","), "]")),
    error = function(e) NULL
  )
  if (length(values) == length(lines)) return(values)
  # slower, and it says which line it is
  lapply(seq_along(lines), function(i) {
    tryCatch(jsonlite::parse_json(lines[[i]]), error = function(e) {
      refuse(400L, "line ", i, ": no JSON, ", sub("\n.*", "", conditionMessage(e)))
    })
  })
}

is_object <- function(x) is.list(x) && !is.null(names(x))

# The rows of a body: records, columns, lists of values, and what SageMaker's algorithms take and give.
json_rows <- function(value) {
  if (!is.list(value)) refuse(400L, "expected an object or a list of records")
  if (!is_object(value)) {
    rows <- if (length(value) && !any(vapply(value, is.list, NA))) list(value) else value
    return(lapply(rows, features))
  }
  only <- if (length(value) == 1L) names(value) else ""
  if (only %in% c("instances", "projections") && is.list(value[[1L]])) return(lapply(value[[1L]], features))
  inner <- features(value)
  if (!is_object(inner)) return(list(inner))
  nested <- vapply(inner, is.list, NA)
  if (!any(nested)) return(list(inner))
  sizes <- lengths(inner)
  if (!all(nested) || any(sizes != sizes[[1L]])) {
    refuse(400L, "the columns are not of one length: ", paste0(names(sizes), " ", sizes, collapse = ", "))
  }
  lapply(seq_len(sizes[[1L]]), function(i) lapply(inner, `[[`, i))
}

# A row out of {"features": [...]}, {"projection": [...]} or {"data": {"features": {"values": [...]}}}.
features <- function(row) {
  while (is_object(row) && length(row) == 1L && names(row) %in% c("data", "features", "values", "projection")) {
    if (!is.list(row[[1L]])) break
    row <- row[[1L]]
  }
  row
}

rows_frame <- function(rows, columns, what) {
  if (length(rows) == 0L) refuse(400L, "the request has no records")
  objects <- vapply(rows, is_object, NA)
  differs <- which(objects != objects[[1L]])
  if (length(differs)) refuse(400L, what, " ", differs[[1L]], ": not of the same form as the first")
  rows <- lapply(rows, as.list)
  flat <- vapply(rows, function(row) all(lengths(row) <= 1L) && !any(vapply(row, is.list, NA)), NA)
  if (!all(flat)) refuse(400L, what, " ", which(!flat)[[1L]], ": a value is a list or an object")
  if (objects[[1L]]) {
    names <- unique(unlist(lapply(rows, names)))
    frame <- lapply(names, function(name) json_column(lapply(rows, `[[`, name)))
  } else {
    widths <- lengths(rows)
    wrong <- which(widths != widths[[1L]])
    if (length(wrong)) {
      refuse(
        400L, what, " ", wrong[[1L]], ": expected ", count_of(widths[[1L]], "value"), " as in the first, found ",
        widths[[wrong[[1L]]]]
      )
    }
    names <- column_names(widths[[1L]], columns, paste(what, 1L))
    frame <- lapply(seq_along(names), function(i) json_column(lapply(rows, `[[`, i)))
  }
  structure(frame, names = names, row.names = .set_row_names(length(rows)), class = "data.frame")
}

json_column <- function(values) {
  values[lengths(values) == 0L] <- NA
  unlist(values)
}
