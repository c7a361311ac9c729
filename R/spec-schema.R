# The JSON Schema of the spec as the one source of what is a list, what is a map, and what is a default.

job_schema <- function() {
  if (is.null(the$schema)) {
    file <- system.file("schema", "job.schema.json", package = "shardr")
    the$schema <- jsonlite::fromJSON(file, simplifyVector = FALSE)
  }
  the$schema
}

# The schema of a part by its name in the models, as "Input"; NULL is the whole spec.
part_schema <- function(name = NULL) if (is.null(name)) job_schema() else job_schema()[["$defs"]][[name]]

# The plain schemas behind one that refers to others or offers several.
options_of <- function(schema) {
  if (!is.null(schema[["$ref"]])) return(options_of(part_schema(basename(schema[["$ref"]]))))
  several <- c(schema$anyOf, schema$oneOf)
  if (length(several)) do.call(c, lapply(several, options_of)) else list(schema)
}

# What a value is, in the words of JSON.
kind_of <- function(x) {
  if (is.null(x)) {
    "null"
  } else if (is.list(x)) {
    if (is.null(names(x))) "array" else "object"
  } else {
    switch(typeof(x), character = "string", logical = "boolean", "number")
  }
}

fits_kind <- function(option, kind, x) {
  types <- unlist(option$type)
  if (identical(types, "integer")) kind == "number" && x == round(x) else is.null(types) || kind %in% types
}

# The option that a value is meant for: of its kind and, for a map, with all fields there that it needs.
option_for <- function(x, options) {
  kind <- kind_of(x)
  fit <- Filter(function(option) fits_kind(option, kind, x), options)
  if (kind == "object" && length(fit) > 1L) {
    whole <- Filter(function(option) all(unlist(option$required) %in% names(x)), fit)
    if (length(whole)) fit <- whole
    fit <- of_its_type(x, fit)
  }
  if (length(fit)) fit[[1]] else NULL
}

# Of the kinds of step the one that a map says it is, or, misspelt, seems to mean; the first is what need not be said.
of_its_type <- function(x, options) {
  types <- vapply(options, function(option) option$properties$type$const %||% "", "")
  said <- if (is.character(x$type)) x$type else ""
  meant <- nzchar(types) & vapply(types, function(type) nzchar(did_you_mean(said, type)), NA)
  if (any(meant)) options[meant] else options
}

# The type of JSON that each option is in the end.
types_of <- function(options) vapply(options, function(option) unlist(option$type)[1] %||% "", "")

# Whether a value is given as any of several types, and becomes text.
becomes_text <- function(x, schema) length(schema$type) > 1L && kind_of(x) %in% unlist(schema$type)

# The value as the schema would have it written: lists of one boxed, an empty list a map where a map is meant, a name
# alone the map that needs no more than a name.
boxed <- function(x, schema) {
  if (becomes_text(x, schema)) return(if (is.character(x)) unname(x) else json_text(x))
  options <- options_of(schema)
  types <- types_of(options)
  if (is.list(x) && length(x) == 0L && "object" %in% types && !"array" %in% types) x <- empty_map()
  if (is_one_of_list(x, options)) x <- list(x)
  if (is.character(x)) {
    by_name <- vapply(options, function(option) identical(unlist(option$required), "name"), TRUE)
    if (any(by_name)) x <- list(name = x)
  }
  option <- option_for(x, options)
  switch(kind_of(x),
    object = rlang::set_names(
      lapply(names(x), function(name) boxed(x[[name]], field_schema(option, name))), names(x)
    ),
    array = lapply(unclass(x), boxed, option$items %||% list()),
    unname(x)
  )
}

# Whether a value stands for the list of it alone: there is a list to be, and nothing else that it could be.
is_one_of_list <- function(x, options) {
  kind <- kind_of(x)
  lists <- vapply(options, function(option) identical(option$type, "array"), NA)
  if (!any(lists) || kind %in% c("array", "null")) return(FALSE)
  items <- do.call(c, lapply(options[lists], function(option) options_of(option$items)))
  others <- setdiff_lists(options[!lists], items)
  !any(vapply(others, fits_kind, NA, kind, x))
}

setdiff_lists <- function(x, y) Filter(function(one) !any(vapply(y, identical, NA, one)), x)

# The schema of one field of a map; one without rules when the field is not known.
field_schema <- function(option, name) {
  found <- option$properties[[name]]
  if (is.null(found) && is.list(option$additionalProperties)) found <- option$additionalProperties
  found %||% list()
}

# The boxed value without the fields that only repeat a default.
without_defaults <- function(x, schema) {
  option <- option_for(x, options_of(schema))
  if (kind_of(x) == "array") return(lapply(x, without_defaults, option$items %||% list()))
  if (kind_of(x) != "object") return(x)
  kept <- empty_map()
  for (name in names(x)) {
    field <- field_schema(option, name)
    value <- without_defaults(x[[name]], field)
    same <- "default" %in% names(field) && identical(json_text(boxed(field$default, field)), json_text(value))
    if (!same) kept[name] <- list(value)
  }
  kept
}

# What the schema has against a boxed value, as problems with their places. Text with a reference to a parameter may
# become anything, and is left to those who fill it in.
schema_problems <- function(x, schema, path = "") {
  if (is.character(x) && grepl("${", x, fixed = TRUE)) return(list())
  options <- Filter(Negate(is_reference_option), options_of(schema))
  option <- option_for(x, options)
  if (is.null(option)) {
    types <- setdiff(types_of(options), "null")
    return(list(problem(paste0("found ", shown(x), ", expected ", kind_words(types)), path = path)))
  }
  switch(kind_of(x),
    object = object_problems(x, option, path),
    array = array_problems(x, option, path),
    scalar_problems(x, option, path)
  )
}

# Fields that are no text may also be one reference, which the schema says by a pattern.
is_reference_option <- function(option) startsWith(option$pattern %||% "", "^\\$\\{")

object_problems <- function(x, option, path) {
  known <- names(option$properties)
  at <- function(name) if (nzchar(path)) paste0(path, "$", name) else name
  missing <- setdiff(unlist(option$required), names(x))
  found <- lapply(missing, function(name) problem("is required", path = at(name)))
  if (length(x) > (option$maxProperties %||% Inf)) found <- c(found, list(too_many(x, option$maxProperties, path)))
  for (name in names(x)) {
    if (isFALSE(option$additionalProperties) && !name %in% known) {
      others <- kinds_with(name, option$title)
      wrong <- if (length(others)) {
        only_for(others, path = at(name))
      } else {
        problem(paste0("is not a known field", did_you_mean(name, known)), path = at(name))
      }
      found <- c(found, list(wrong))
    } else {
      found <- c(found, schema_problems(x[[name]], field_schema(option, name), at(name)))
    }
  }
  found
}

# The kinds of step in which the part of this title has a field of this name.
kinds_with <- function(name, title) {
  same <- Filter(function(kinds) title %in% kinds, list(step_schemas, input_schemas))
  kinds <- if (length(same)) same[[1]] else character()
  names(kinds)[vapply(kinds, function(kind) name %in% names(part_schema(kind)$properties), NA)]
}

input_schemas <- c(processing = "Input", training = "TrainingInput")

array_problems <- function(x, option, path) {
  size <- length(x)
  if (size > (option$maxItems %||% Inf)) return(list(too_many(x, option$maxItems, path)))
  if (size < (option$minItems %||% 0)) {
    return(list(problem("found none, expected at least one", path = path)))
  }
  places <- if (size > 1L) paste0(path, "[[", seq_along(x), "]]") else rep(path, size)
  do.call(c, c(list(list()), Map(function(item, at) schema_problems(item, option$items, at), x, places)))
}

too_many <- function(x, most, path) {
  problem(paste0("found ", length(x), ", at most ", most, " are allowed"), path = path)
}

scalar_problems <- function(x, option, path) {
  wrong <- NULL
  allowed <- unlist(option$enum) %||% option$const
  if (!is.null(allowed) && !x %in% allowed) {
    if (!is.null(option$const)) allowed <- names(step_schemas)
    words <- paste0("\"", allowed, "\"", collapse = ", ")
    wrong <- paste0("found ", shown(x), ", expected one of ", words, did_you_mean(x, allowed))
  } else if (is.character(x) && nchar(x) > (option$maxLength %||% Inf)) {
    wrong <- paste0("found ", nchar(x), " characters, at most ", option$maxLength, " are allowed")
  } else if (is.character(x) && nchar(x) < (option$minLength %||% 0)) {
    wrong <- "found an empty text"
  } else if (!is.null(option$pattern) && !grepl(option$pattern, x, perl = TRUE)) {
    wrong <- paste0("found ", shown(x), ", expected ", pattern_words(option$pattern))
  } else if (is.numeric(x) && (x < (option$minimum %||% -Inf) || x > (option$maximum %||% Inf))) {
    most <- if (is.null(option$maximum)) "" else paste0(" and at most ", option$maximum)
    wrong <- paste0("found ", shown(x), ", expected at least ", option$minimum, most)
  }
  if (is.null(wrong)) list() else list(problem(wrong, path = path))
}

pattern_words <- function(pattern) {
  if (grepl("/opt/ml/processing/", pattern, fixed = TRUE)) {
    "a path below /opt/ml/processing/"
  } else if (grepl("._-", pattern, fixed = TRUE)) {
    "letters, digits, \".\", \"_\" and \"-\", starting with a letter or digit"
  } else if (startsWith(pattern, "^P")) {
    "a duration such as P30D (30 days) or PT12H (12 hours)"
  } else if (grepl("[=!]=", pattern, fixed = TRUE)) {
    "true, false, or a comparison, as ${mode} == script"
  } else if (startsWith(pattern, "^arn:")) {
    "the ARN of a role, arn:aws:iam::<account>:role/<name>"
  } else {
    "letters, digits and single hyphens between them (the service refuses anything else)"
  }
}

kind_words <- function(types) {
  words <- c(
    string = "text", integer = "a whole number", number = "a number", boolean = "TRUE or FALSE",
    array = "a list", object = "a map of names to values"
  )
  paste(unique(words[types]), collapse = " or ")
}

# `; did you mean "filter"?` when one of the known names is close or says the same, else nothing.
did_you_mean <- function(found, known) {
  if (length(known) == 0L || length(found) != 1L) return("")
  near <- near_name(found, known)
  meant <- intersect(synonyms[[found]], known)
  if (nzchar(near) || length(meant) == 0L) near else paste0("; did you mean \"", meant, "\"?")
}

# By letters alone; Python's runtime/values.py has the same rule.
near_name <- function(found, known) {
  if (length(known) == 0L) return("")
  distance <- utils::adist(found, known, ignore.case = TRUE)[1, ]
  best <- which.min(distance)
  if (distance[best] <= max(2, nchar(found) %/% 3)) paste0("; did you mean \"", known[best], "\"?") else ""
}

# What other tools, and people, call the fields of a step.
synonyms <- list(
  instances = "instance_count", script = "code", args = "arguments", env = "environment",
  timeout = "max_runtime_seconds", retries = "max_attempts", needs = "depends_on"
)
