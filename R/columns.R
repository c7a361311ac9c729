# Data frames as columns of plain bytes: the one road between R and Python.
#
# python/shardr/data/columns.py describes the format. Fixed-width columns carry R's own NA, strings a mask.
# Nothing here knows reticulate or rpy2: what comes in and goes out is text and raw vectors.

columns_format <- 1L

# The data frame as list(header = <JSON text>, buffers = list(<raw>, ...)).
#
# Row names that are strings travel; row numbers do not, nor do the classes tibble and data.table.
# A POSIXct without `tzone` gets the zone of the session, so that it reads the same on both sides.
frame_pack <- function(df) {
  if (!is.data.frame(df)) {
    frame_abort(paste0("expected a data frame, found ", class(df)[1]), character())
  }
  columns <- as.list(df)
  named <- as.character(names(columns))
  row_names <- attr(df, "row.names")
  has_names <- is.character(row_names) && length(row_names) > 0
  tried <- function(expr) tryCatch(expr, shardr_column_refused = identity)
  found <- c(
    list(tried(if (has_names) column_packed(list(), string_bytes(row_names)) else column_packed(list()))),
    unname(Map(function(x, name) tried(named_pack(x, name)), columns, named))
  )
  refused <- vapply(found, inherits, TRUE, "shardr_column_refused")
  if (any(refused)) {
    places <- c("row names", if (length(named)) paste0("column ", seq_along(named), " \"", named, "\""))
    frame_abort(
      "this frame cannot cross between R and Python unchanged",
      paste0(places[refused], ": ", vapply(found[refused], conditionMessage, ""))
    )
  }
  header <- list(
    format = columns_format, rows = nrow(df), row_names = has_names, columns = lapply(found[-1], `[[`, "type")
  )
  list(
    header = unclass(jsonlite::toJSON(header, auto_unbox = TRUE, digits = NA)),
    buffers = do.call(c, lapply(found, `[[`, "buffers"))
  )
}

# The data frame that `header` and `buffers` say, whichever half packed it.
frame_unpack <- function(header, buffers) {
  header <- jsonlite::fromJSON(header, simplifyVector = FALSE)
  if (!identical(as.integer(header$format), columns_format)) {
    frame_abort(
      paste0("this frame is packed in format ", header$format, "; this half reads format ", columns_format),
      "install the R and the Python half of shardr in the same version"
    )
  }
  rows <- header$rows
  at <- 0L
  take <- function() {
    at <<- at + 1L
    buffers[[at]]
  }
  row_names <- if (isTRUE(header$row_names)) read_strings(take(), rows) else .set_row_names(rows)
  columns <- lapply(header$columns, function(column) column_unpack(column, rows, take))
  names(columns) <- vapply(header$columns, function(column) enc2utf8(column$name), "")
  structure(columns, class = "data.frame", row.names = row_names)
}

# For text that goes on as a string of R, where the declaration counts.
declared_utf8 <- function(x) {
  x <- as_utf8(x)
  Encoding(x) <- "UTF-8"
  x
}

# The data frame of `packed`, what the Python function shardr.data.columns.to_r() gives, once it is R's:
# a list of the header and the list of raw vectors.
frame_from_python <- function(packed) frame_unpack(packed[[1]], packed[[2]])

# The pandas object of a data frame. `module` is Python's shardr.data.columns, imported with convert = FALSE,
# so that the frame stays in Python.
frame_to_python <- function(df, module) {
  packed <- frame_pack(df)
  module$from_r(packed$header, packed$buffers)
}

frame_abort <- function(what, problems, call = rlang::caller_env()) {
  cli::cli_abort(
    c("{what}", rlang::set_names(gsub("([{}])", "\\1\\1", problems), rep("x", length(problems)))),
    class = c("shardr_error_frame_unsupported", "shardr_error"), problems = problems, call = call
  )
}

column_refuse <- function(why, fix) {
  stop(structure(
    class = c("shardr_column_refused", "error", "condition"),
    list(message = paste0(why, " (", fix, ")"), call = NULL)
  ))
}

# One column as list(type = <what the header says>, buffers = list(<raw>, ...)).
column_pack <- function(x) {
  if (inherits(x, "AsIs")) {
    class(x) <- setdiff(oldClass(x), "AsIs")
  }
  if (!is.null(dim(x))) {
    column_refuse("a matrix or data frame column", "give each of its columns a name of its own")
  }
  if (is.object(x)) {
    return(classed_pack(x))
  }
  switch(typeof(x),
    double = column_packed(list(type = "double"), write_fixed(as.double(x))),
    integer = column_packed(list(type = "integer"), write_fixed(as.integer(x))),
    logical = column_packed(list(type = "logical"), logical_bytes(x)),
    character = string_pack(x),
    list = column_refuse("a list column", "spread it over plain columns, or keep it as JSON text"),
    column_refuse(paste0("a column of type ", typeof(x)), "convert it to text or numbers first")
  )
}

named_pack <- function(x, name) {
  packed <- column_pack(x)
  if (is.na(name)) {
    column_refuse("a column without a name", "give it one")
  }
  packed$type <- c(list(name = declared_utf8(name)), packed$type)
  packed
}

column_packed <- function(type, ...) list(type = type, buffers = list(...))

classed_pack <- function(x) {
  if (is.factor(x)) {
    factor_pack(x)
  } else if (inherits(x, "Date")) {
    days <- floor(as.double(unclass(x)))
    refuse_infinite(days)
    column_packed(list(type = "date"), write_fixed(as.integer(days)))
  } else if (inherits(x, c("POSIXct", "POSIXlt"))) {
    datetime_pack(as.POSIXct(x))
  } else if (inherits(x, "difftime")) {
    seconds <- as.double(x, units = "secs")
    refuse_infinite(seconds)
    column_packed(list(type = "difftime", units = "secs"), write_fixed(seconds))
  } else if (inherits(x, "integer64")) {
    column_packed(list(type = "integer64"), write_fixed(as.double(unclass(x))))
  } else {
    column_refuse(
      paste0("a column of class ", class(x)[1]), "make plain text or numbers of it, as with as.character()"
    )
  }
}

write_fixed <- function(x) writeBin(x, raw(), endian = "little")

logical_bytes <- function(x) {
  values <- as.integer(x)
  values[is.na(values)] <- 2L
  as.raw(values)
}

# UTF-8, a NUL after each string.
string_bytes <- function(x) writeBin(as_utf8(x), raw(), useBytes = TRUE)

# Text read in a session without a locale, as in many containers, is UTF-8 that nobody declared; enc2utf8() would
# spell out its bytes there.
as_utf8 <- function(x) {
  x <- as.character(x)
  latin <- Encoding(x) == "latin1"
  if (any(latin)) x[latin] <- enc2utf8(x[latin])
  wrong <- !validUTF8(x)
  if (any(wrong)) x[wrong] <- iconv(x[wrong], "", "UTF-8")
  if (any(wrong) && anyNA(x[wrong])) {
    column_refuse("text that is not valid UTF-8", "declare its encoding, as iconv(x, \"latin1\", \"UTF-8\")")
  }
  x
}

string_pack <- function(x) {
  missing <- is.na(x)
  if (!any(missing)) {
    return(column_packed(list(type = "string", mask = FALSE), string_bytes(x)))
  }
  x <- as.character(x)
  x[missing] <- ""
  column_packed(list(type = "string", mask = TRUE), string_bytes(x), as.raw(missing))
}

factor_pack <- function(x) {
  levels <- levels(x)
  if (anyNA(levels)) {
    column_refuse("a factor with NA among its levels", "give the level a name")
  }
  column_packed(
    list(type = "factor", levels = length(levels), ordered = is.ordered(x)),
    write_fixed(as.integer(x)), string_bytes(levels)
  )
}

datetime_pack <- function(x) {
  tz <- attr(x, "tzone")[1]
  if (is.null(tz) || is.na(tz) || !nzchar(tz)) {
    tz <- session_zone()
  }
  seconds <- as.double(unclass(x))
  refuse_infinite(seconds)
  column_packed(list(type = "datetime", tz = tz), write_fixed(seconds))
}

# The name of the zone that R shows times in. Sys.timezone() asks systemd, which is loud where it does not run.
session_zone <- function() {
  tz <- sub("^:", "", Sys.getenv("TZ"))
  if (nzchar(tz)) {
    return(tz)
  }
  path <- suppressWarnings(normalizePath("/etc/localtime"))
  linked <- regmatches(path, regexpr("(?<=/zoneinfo/).+", path, perl = TRUE))
  tz <- if (length(linked)) linked else Sys.timezone()
  if (is.na(tz)) "UTC" else tz
}

refuse_infinite <- function(seconds) {
  if (any(is.infinite(seconds))) {
    column_refuse("a time that is not finite", "replace it by NA")
  }
}

# One column out of the next buffers that `take()` gives.
column_unpack <- function(column, rows, take) {
  switch(column$type,
    double = read_fixed(take(), "double", rows, 8L),
    integer = read_fixed(take(), "integer", rows, 4L),
    logical = c(FALSE, TRUE, NA)[as.integer(take()) + 1L],
    string = {
      x <- read_strings(take(), rows)
      if (isTRUE(column$mask)) {
        x[as.logical(take())] <- NA_character_
      }
      x
    },
    factor = {
      codes <- read_fixed(take(), "integer", rows, 4L)
      levels(codes) <- read_strings(take(), column$levels)
      class(codes) <- if (isTRUE(column$ordered)) c("ordered", "factor") else "factor"
      codes
    },
    date = structure(as.double(read_fixed(take(), "integer", rows, 4L)), class = "Date"),
    datetime = structure(
      read_fixed(take(), "double", rows, 8L),
      class = c("POSIXct", "POSIXt"), tzone = column$tz
    ),
    difftime = structure(read_fixed(take(), "double", rows, 8L), class = "difftime", units = "secs"),
    frame_abort(
      paste0("column \"", column$name, "\" is packed as ", column$type, ", which this half does not read"),
      "install the R and the Python half of shardr in the same version"
    )
  )
}

read_fixed <- function(buffer, what, rows, size) {
  if (length(buffer) != rows * size) {
    frame_abort("the bytes of this frame do not fit its header", character())
  }
  readBin(buffer, what, n = rows, size = size, endian = "little")
}

read_strings <- function(buffer, count) {
  x <- readBin(buffer, "character", n = count)
  # readBin() fills up what a short buffer lacks
  if (sum(as.double(nchar(x, "bytes"))) + count != length(buffer)) {
    frame_abort("the bytes of this frame do not fit its header", character())
  }
  if (any(buffer > as.raw(0x7f))) {
    Encoding(x) <- "UTF-8"
  }
  x
}
