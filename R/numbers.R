# Doubles as the shortest text of 15 to 17 digits that reads back as the same to the bit. Python: runtime/numbers.py.

# Whole numbers without an exponent as long as they are exact.
number_text <- function(x) {
  if (!is.finite(x)) stop("only finite numbers have a text in JSON")
  if (x == round(x) && abs(x) < 2^53) sprintf("%.0f", x) else exact_numbers(x)
}

# Numbers for people: whole ones as number_text() has them, others as paste() does.
number_words <- function(v) {
  text <- as.character(v)
  whole <- is.finite(v) & v == round(v) & abs(v) < 2^53
  text[whole] <- sprintf("%.0f", v[whole])
  text
}

# NA for what is missing.
exact_numbers <- function(v) {
  text <- sprintf("%.15g", v)
  text[is.na(v)] <- NA
  wide <- which(is.finite(v))
  for (digits in 16:17) {
    wide <- wide[!reads_back(text[wide], v[wide], digits - 1L)]
    text[wide] <- sprintf("%.*g", digits, v[wide])
  }
  text
}

# Whether texts with so many digits are those of the numbers.
reads_back <- function(text, v, digits) {
  same <- signif(v, digits) == v
  far <- which(is_far(v))
  if (length(far)) {
    # jsonlite reads a number as the nearest double, which as.numeric() misses by a bit at times
    found <- jsonlite::parse_json(paste0("[", paste(text[far], collapse = ","), "]"), simplifyVector = TRUE)
    same[far] <- found == v[far]
  }
  same
}

# Whether 15 digits may not tell it.
inexact <- function(v) is.finite(v) & (signif(v, 15) != v | is_far(v))

# Where signif() scales by a power of ten that no double holds, and so is not exact itself.
is_far <- function(v) {
  size <- abs(v)
  size != 0 & (size < 1e-7 | size >= 1e35)
}
