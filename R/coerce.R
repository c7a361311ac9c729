# What R users naturally write, made into what a spec holds: 2 for 2L, a factor for text, a vector for a list.
# Each function gives the value, or a problem() when there is no such value: NA stands for nothing a job could use.

# One text. A number is refused: as a name it is a slip more often than not.
as_text <- function(x) {
  if (is.null(x)) return(NULL)
  if (is.list(x) && length(x) == 1L && is.null(names(x))) x <- x[[1]]
  if (is.factor(x)) x <- as.character(x)
  if (!is.character(x)) return(problem(paste0("found ", shown(x), ", expected text")))
  if (length(x) != 1L) return(problem(paste0("found ", length(x), " values, expected one")))
  if (is.na(x)) return(problem("found NA, expected text"))
  checked_utf8(x)
}

# Several texts as a list, for arguments and the like. Numbers become text, as an instance sees only text.
as_texts <- function(x) {
  if (is.null(x)) return(NULL)
  if (!is.null(names(x))) {
    return(problem("found names, which would be lost", "put them among the values, as in c(\"--top\", \"10\")"))
  }
  each(x, as_word)
}

# A named vector or list as a named list of texts, each made by `as_one`.
as_text_map <- function(x, as_one = as_word) {
  if (is.null(x) || length(x) == 0L) return(if (is.null(x)) NULL else empty_map())
  if (!has_names(x)) return(problem("expected a name for each value", "write c(NAME = \"value\")"))
  if (anyDuplicated(names(x))) {
    return(problem(paste0("found ", shown(names(x)[duplicated(names(x))][1]), " twice")))
  }
  values <- each(x, as_one)
  if (is_problem(values)) values else rlang::set_names(values, checked_utf8(names(x)))
}

# One whole number, or a reference to a parameter.
as_whole <- function(x) {
  if (is.null(x) || is_reference(x)) return(x)
  if (is.list(x) && length(x) == 1L) x <- x[[1]]
  if (!is.numeric(x) || is.object(x)) return(problem(paste0("found ", shown(x), ", expected a whole number")))
  if (length(x) != 1L) return(problem(paste0("found ", length(x), " values, expected one")))
  if (!is.finite(x) || x != round(x)) return(problem(paste0("found ", shown(x), ", expected a whole number")))
  as.numeric(x)
}

# TRUE or FALSE, or a reference to a parameter.
as_flag <- function(x) {
  if (is.null(x) || is_reference(x)) return(x)
  if (is.logical(x) && length(x) == 1L && !is.na(x)) return(unname(x))
  problem(paste0("found ", shown(x), ", expected TRUE or FALSE"))
}

# Several numbers as a list.
as_numbers <- function(x) {
  if (is.null(x)) return(NULL)
  each(x, function(one) if (is_number(one)) one else problem(paste0("found ", shown(one), ", expected a number")))
}

# One text, number, TRUE or FALSE; vectors, and lists of all these, as lists: what JSON can say.
as_tree <- function(x) {
  if (is.factor(x)) x <- as.character(x)
  if (!is.list(x) && length(x) <= 1L && is.null(names(x))) return(as_value(x))
  values <- each(x, as_tree)
  if (is_problem(values) || is.null(names(x))) return(values)
  if (!has_names(x)) return(problem("expected a name for each value, or for none"))
  rlang::set_names(values, checked_utf8(names(x)))
}

# One text, number, TRUE or FALSE.
as_value <- function(x) {
  if (is.null(x) || (length(x) == 1L && is.na(x))) {
    return(problem(paste0("found ", shown(x), ", expected a value"), "leave it out to get the default"))
  }
  if (is_number(x)) as.numeric(x) else if (is.logical(x)) as_flag(x) else as_text(x)
}

as_word <- function(x) {
  if (is.null(x)) return(problem("found NULL, expected text"))
  if (is_number(x)) return(number_text(x))
  if (is.logical(x) && length(x) == 1L && !is.na(x)) {
    fix <- paste0("write the text that the script expects, \"", x, "\"")
    return(problem(paste0("found ", x, ", expected text"), fix))
  }
  as_text(x)
}

# `fun` of each element as a list, or the first problem with its place.
each <- function(x, fun) {
  if (is.factor(x)) x <- as.character(x)
  if (!is.vector(x) && !is.character(x)) return(problem(paste0("found ", shown(x), ", expected texts")))
  values <- lapply(unname(as.list(x)), fun)
  wrong <- which(vapply(values, is_problem, TRUE))
  if (length(wrong) == 0L) return(values)
  place <- if (has_names(x)) names(x)[wrong[1]] else if (length(x) > 1L) paste0("[[", wrong[1], "]]") else ""
  problem_at(values[[wrong[1]]], place)
}

checked_utf8 <- function(x) {
  x <- enc2utf8(as.character(x))
  if (all(validUTF8(x))) x else problem("found text that is not UTF-8", "declare its encoding with iconv()")
}

is_number <- function(x) is.numeric(x) && length(x) == 1L && is.finite(x) && !is.object(x)

is_reference <- function(x) is.character(x) && length(x) == 1L && grepl("^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$", x)

has_names <- function(x) !is.null(names(x)) && !anyNA(names(x)) && all(nzchar(names(x)))

empty_map <- function() rlang::set_names(list(), character())

# A value in few words, for messages.
shown <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.character(x) && length(x) == 1L && !is.na(x)) return(encodeString(x, quote = "\""))
  if (is.atomic(x) && length(x) == 1L && !is.object(x)) return(format(x, digits = 15))
  if (is.atomic(x) && !is.object(x) && length(x) > 1L) return(paste(length(x), "values"))
  paste("an object of class", class(x)[1])
}
