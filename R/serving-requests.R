# The body of a request as a data frame. Python: runtime/serving/requests.py; both: tests/contract/serving.json.

forms <- c(
  "text/csv" = "csv", "application/json" = "json", "application/jsonlines" = "jsonlines",
  "application/x-jsonlines" = "jsonlines", "application/jsonl" = "jsonlines", "application/x-ndjson" = "jsonlines"
)
recordio_type <- "application/x-recordio-protobuf" # is read, and not answered
form_types <- c(csv = "text/csv", json = "application/json", jsonlines = "application/jsonlines")

# Stops with a status of HTTP for the caller to read.
refuse <- function(status, ...) {
  stop(structure(
    class = c("shardr_refusal", "error", "condition"), list(message = paste0(...), call = NULL, status = status)
  ))
}

# Without parameters; the plain ones of each request need no regular expression.
media_type <- function(text) {
  if (all(text %in% names(forms))) text else tolower(trimws(sub(";.*", "", text)))
}

# csv, json or jsonlines.
request_form <- function(content_type) {
  name <- media_type(content_type)
  form <- forms[name]
  if (is.na(form)) {
    known <- paste("send text/csv, application/json, application/jsonlines or", recordio_type)
    refuse(415L, "the content type ", name, " is not read here: ", known)
  }
  unname(form)
}

request_data <- function(body, content_type, columns = NULL) {
  if (media_type(content_type) == recordio_type) return(recordio_frame(body, columns))
  form <- request_form(content_type)
  text <- request_text(body)
  if (!grepl("[^ \t\r\n]", text)) refuse(400L, "the request has no records")
  switch(form,
    csv = csv_rows(text, csv_header(content_type), columns),
    json = rows_frame(json_rows(json_value(text)), columns, "record"),
    jsonlines = rows_frame(lapply(json_line_values(text), features), columns, "line")
  )
}

# UTF-8 without its mark; the first line that is none is named.
request_text <- function(body) {
  if (any(body == as.raw(0L))) refuse(400L, "the request has bytes of zero: it is no text")
  text <- rawToChar(body)
  if (!validUTF8(text)) {
    lines <- strsplit(text, "\n", fixed = TRUE, useBytes = TRUE)[[1L]]
    refuse(400L, "line ", which(!validUTF8(lines))[[1L]], ": not in UTF-8")
  }
  Encoding(text) <- "UTF-8"
  sub("^\ufeff", "", text)
}

# CSV ----------------------------------------------------------------------------------------------------------------

# TRUE or FALSE where the content type says so, as in text/csv; header=present.
csv_header <- function(content_type) {
  if (content_type == "text/csv") return(NULL)
  said <- regmatches(content_type, regexpr("header *= *\"?(present|absent)", content_type, ignore.case = TRUE))
  if (length(said)) grepl("present$", said, ignore.case = TRUE)
}

csv_rows <- function(text, header, columns) {
  table <- csv_cells(text)
  names <- table$cells[1L, ]
  # the columns that the model's code names are known when they come
  if (is.null(header)) header <- length(columns) > 0L && setequal(names, columns)
  if (!header) return(csv_frame(table$cells, column_names(ncol(table$cells), columns, "line 1")))
  if (nrow(table$cells) == 1L) refuse(400L, "the request has no records, only a header")
  csv_frame(table$cells[-1L, , drop = FALSE], names)
}

csv_frame <- function(cells, names) {
  frame <- lapply(seq_len(ncol(cells)), function(i) typed(cells[, i]))
  structure(frame, names = names, row.names = .set_row_names(nrow(cells)), class = "data.frame")
}

# A column in the one type that fits all of its cells; empty ones and NA are missing.
typed <- function(cells) {
  cells[cells %in% c("", "NA")] <- NA
  there <- !is.na(cells)
  number <- suppressWarnings(as.numeric(cells))
  if (!anyNA(number[there])) return(number)
  if (all(cells[there] %in% c("TRUE", "FALSE", "true", "false", "True", "False"))) return(as.logical(cells))
  cells
}

csv_cells <- function(text) {
  lines <- strsplit(text, "\r?\n")[[1L]]
  if (!grepl("\"", text, fixed = TRUE)) {
    widths <- nchar(gsub("[^,]", "", lines)) + 1L
    check_widths(widths, seq_along(lines), lines)
    # a last cell that is empty would be lost
    cells <- strsplit(paste0(paste(lines, collapse = ","), ","), ",", fixed = TRUE)[[1L]]
    length(cells) <- widths[[1L]] * length(lines)
    cells[is.na(cells)] <- ""
    return(list(cells = matrix(cells, ncol = widths[[1L]], byrow = TRUE)))
  }
  if (nchar(gsub("[^\"]", "", text)) %% 2L == 1L) refuse(400L, "line ", length(lines), ": a quote is not closed")
  read <- function(with, ...) {
    con <- textConnection(lines, encoding = "UTF-8")
    on.exit(close(con))
    suppressWarnings(with(con, sep = ",", quote = "\"", blank.lines.skip = FALSE, comment.char = "", ...))
  }
  # NA where a cell in quotes goes on in the next line
  widths <- read(utils::count.fields)
  ends <- which(!is.na(widths))
  check_widths(widths[ends], c(0L, ends)[seq_along(ends)] + 1L, lines)
  cells <- read(scan, what = "", na.strings = character(), quiet = TRUE)
  list(cells = matrix(cells, ncol = widths[[ends[[1L]]]], byrow = TRUE))
}

check_widths <- function(widths, numbers, lines) {
  wrong <- which(widths != widths[[1L]] | (!nzchar(lines[numbers]) & widths[[1L]] > 1L))
  if (length(wrong) == 0L) return()
  number <- numbers[[wrong[[1L]]]]
  refuse(
    400L, "line ", number, ": expected ", count_of(widths[[1L]], "cell"), " as in line 1, found ",
    if (nzchar(lines[[number]])) widths[[wrong[[1L]]]] else "none"
  )
}

column_names <- function(width, columns, where) {
  if (length(columns) == 0L) return(paste0("V", seq_len(width)))
  if (length(columns) != width) {
    refuse(400L, where, ": expected ", count_of(length(columns), "value"), ", found ", width)
  }
  columns
}
