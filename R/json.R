# JSON text from plain values, byte for byte as Python's json.dumps() writes it: compact, the keys in code point order,
# UTF-8 not escaped. jsonlite rounds numbers and cannot tell a list of one from a value, so it only reads here.

# A list with names is an object, one without is an array, NULL is null; everything else is one value.
json_text <- function(x) {
  switch(kind_of(x),
    null = "null",
    object = {
      names <- enc2utf8(names(x))
      order <- order(names, method = "radix")
      values <- vapply(unclass(x)[order], json_text, "")
      paste0("{", paste0(json_string(names[order]), ":", values, recycle0 = TRUE, collapse = ","), "}")
    },
    array = paste0("[", paste0(vapply(unclass(x), json_text, ""), collapse = ","), "]"),
    string = json_string(enc2utf8(x)),
    boolean = if (x) "true" else "false",
    number = number_text(x)
  )
}

json_escapes <- c("\b" = "\\b", "\t" = "\\t", "\n" = "\\n", "\f" = "\\f", "\r" = "\\r")

json_string <- function(x) {
  x <- gsub("\\", "\\\\", x, fixed = TRUE)
  x <- gsub("\"", "\\\"", x, fixed = TRUE)
  if (any(grepl("[\x01-\x1f]", x))) {
    for (control in names(json_escapes)) x <- gsub(control, json_escapes[[control]], x, fixed = TRUE)
    for (code in setdiff(1:31, 8:13)) x <- gsub(intToUtf8(code), sprintf("\\u%04x", code), x, fixed = TRUE)
    x <- gsub("\v", "\\u000b", x, fixed = TRUE)
  }
  paste0("\"", x, "\"")
}
