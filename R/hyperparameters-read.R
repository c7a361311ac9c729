# From the texts that hyperparameters are sent as to their values, and what is wrong with them.
# Python: runtime/values.py. Both say the same: tests/contract/hyperparameters.json.

# list(values = <by name>, problems = <those declared in their order, then those that nobody declared>)
read_hyperparameters <- function(declared, given) {
  values <- list()
  problems <- list()
  for (name in names(declared)) {
    rule <- declared[[name]]
    by_default <- !name %in% names(given)
    text <- if (by_default) as_sent(rule$default) else unquoted(given[[name]])
    value <- if (by_default && is.null(rule$default)) list(NULL) else value_of(text, rule)
    if (by_default && rule$required) {
      problems <- c(problems, list(problem(paste0("is required, ", expected_value(rule)), path = name)))
    } else if (is.null(value)) {
      found <- paste(if (by_default) "its default is" else "found", shown_text(text))
      problems <- c(problems, list(problem(paste0(found, ", expected ", expected_value(rule, text)), path = name)))
    }
    values[name] <- if (is.null(value)) list(NULL) else value
  }
  unknown <- setdiff(as.character(names(given)), names(declared))
  for (name in sort_bytes(unknown[!grepl("^(sagemaker_|_)", unknown)])) {
    message <- paste0("is no hyperparameter of the script", near_name(name, names(declared)))
    problems <- c(problems, list(problem(message, path = name)))
  }
  list(values = values, problems = problems)
}

# A value as it is sent.
as_sent <- function(value) {
  if (is.character(value) && length(value) == 1L) return(value)
  if (is.list(value) || length(value) != 1L || is.na(value)) return(json_of(value))
  if (is.logical(value)) return(if (value) "true" else "false")
  if (is.numeric(value)) metric_number(value) else as.character(value)
}

# The text that the SageMaker SDK made JSON of, "\"train\""; any other as it is.
unquoted <- function(text) {
  if (!grepl("^\".*\"$", text)) return(text)
  read <- tryCatch(jsonlite::fromJSON(paste0("[", text, "]"), simplifyVector = FALSE), error = function(e) NULL)
  if (length(read) == 1L && is.character(read[[1]])) read[[1]] else text
}

# The value in the rule's type, in a list; NULL where the text is none, or not one that the rule allows.
value_of <- function(text, rule) {
  if (rule$kind == "string") {
    return(if (is.null(rule$choices) || text %in% rule$choices) list(text))
  }
  text <- gsub("^[ \t\r\n]+|[ \t\r\n]+$", "", text)
  if (rule$kind == "logical") logical_of(text) else number_in_range(number_of(text), rule)
}

logical_of <- function(text) {
  place <- match(text, c("true", "True", "TRUE", "1", "false", "False", "FALSE", "0"))
  if (!is.na(place)) list(place <= 4L)
}

number_in_range <- function(number, rule) {
  whole <- rule$kind == "integer"
  if (!is.finite(number) || (whole && (number != floor(number) || abs(number) >= 2^53))) return(NULL)
  if ((!is.null(rule$min) && number < rule$min) || (!is.null(rule$max) && number > rule$max)) return(NULL)
  list(if (whole && abs(number) < 2^31) as.integer(number) else number)
}

# Read by C, as Python does: R's own reading can miss the nearest double.
number_of <- function(text) {
  if (!grepl("^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$", text)) return(NA_real_)
  text <- sub("^[+]", "", text)
  text <- sub("^(-?)[.]", "\\10.", text)
  text <- sub("^(-?)0+([0-9])", "\\1\\2", text)
  text <- sub("[.]($|[eE])", "\\1", text)
  text <- if (grepl("[.eE]", text)) text else paste0(text, ".0") # a whole number past 2^63 would be refused
  tryCatch(as.numeric(jsonlite::fromJSON(paste0("[", text, "]"))), error = function(e) as.numeric(text))
}

# What a value must be, in words.
expected_value <- function(rule, text = "") {
  if (rule$kind == "logical") return("true or false")
  if (rule$kind == "string") {
    return(if (is.null(rule$choices)) "text" else paste(json_string(enc2utf8(rule$choices)), collapse = " or "))
  }
  noun <- if (rule$kind == "integer") "a whole number" else "a number"
  if (rule$kind == "integer" && grepl("^\\s*[-+]?[0-9]{16,}\\s*$", text)) noun <- paste(noun, "below 2^53")
  low <- if (!is.null(rule$min)) metric_number(rule$min)
  high <- if (!is.null(rule$max)) metric_number(rule$max)
  if (!is.null(low) && !is.null(high)) {
    paste(noun, "from", low, "to", high)
  } else if (!is.null(low)) {
    paste(noun, "of at least", low)
  } else if (!is.null(high)) {
    paste(noun, "of at most", high)
  } else {
    noun
  }
}

# A found text in quotes, cut at 80 characters.
shown_text <- function(text) {
  quoted <- json_string(enc2utf8(text))
  if (nchar(quoted) <= 80L) quoted else paste0(substr(quoted, 1L, 77L), "...")
}
