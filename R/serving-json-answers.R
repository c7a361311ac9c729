# Predictions as JSON, doubles to the bit: jsonlite rounds them to 15 digits, and writes only what is of a class.

# A text for each element of a vector or list, and for each row of a table, a matrix or an array.
json_each <- function(x) {
  if (is.data.frame(x)) return(json_records(x))
  if (length(dim(x)) > 1L) return(json_cells(lapply(asplit(x, 2L), json_each), nrow(x), "[", "]"))
  if (is.list(x)) return(vapply(x, json_any, "", USE.NAMES = FALSE))
  if (length(x) == 0L) return(character())
  text <- switch(typeof(x),
    double = exact_numbers(x),
    integer = sprintf("%d", x),
    logical = ifelse(x, "true", "false"),
    character = json_string(enc2utf8(x)),
    vapply(x, jsonlite_text, "")
  )
  replace(text, if (is.double(x)) !is.finite(x) else is.na(x), "null")
}

# One value. One by itself is an array only within I() or a table, as jsonlite has it with `auto_unbox`.
json_any <- function(x) {
  boxed <- inherits(x, "AsIs")
  if (boxed) class(x) <- setdiff(class(x), "AsIs")
  if (is_classed(x)) return(jsonlite_text(x))
  if (is.null(x)) return("null")
  each <- json_each(x)
  if (is.data.frame(x)) return(json_array(each))
  if (is_object(x)) return(json_object(names(x), each))
  if (is.atomic(x) && is.null(dim(x)) && length(x) == 1L && !boxed) each else json_array(each)
}

# Factors, dates and times.
is_classed <- function(x) is.object(x) && (is.atomic(x) || inherits(x, "POSIXlt"))

json_array <- function(each) paste0("[", paste(each, collapse = ","), "]")

json_object <- function(names, each) {
  paste0("{", paste0(json_fields(names), each, collapse = ",", recycle0 = TRUE), "}")
}

# No name is twice in one object, and none is empty.
json_fields <- function(names) {
  none <- which(!nzchar(names))
  names[none] <- none
  paste0(json_string(enc2utf8(make.unique(names))), ":")
}

# Row names that say something are a field, as jsonlite has it.
json_records <- function(x) {
  named <- attr(x, "row.names")
  columns <- unclass(x)
  if (is.character(named) && !all(grepl("^[0-9]+$", named))) columns[["_row"]] <- named
  fields <- json_fields(names(columns))
  cells <- lapply(seq_along(columns), function(i) {
    column <- columns[[i]]
    if (is_classed(column) && !inherits(column, "AsIs")) column <- as.character(column)
    paste0(fields[[i]], json_each(column), recycle0 = TRUE)
  })
  json_cells(cells, nrow(x), "{", "}")
}

# The cells of `count` rows, given by columns, side by side.
json_cells <- function(columns, count, open, close) {
  inside <- if (length(columns)) do.call(paste, c(unname(columns), sep = ",")) else character(count)
  paste0(open, inside, close, recycle0 = TRUE)
}

jsonlite_text <- function(x) {
  paste(jsonlite::toJSON(x, digits = NA, na = "null", null = "null", auto_unbox = TRUE))
}
