# Tables into an instance: all files of a channel as one frame, with the same column types on every instance.

#' All tables of an input channel as one data frame
#'
#' Reads the files that this instance got of a channel and binds them by column name. A shard may be empty and a file
#' may be a header only: the result then has no rows (and no columns when nothing tells them).
#'
#' State the types where a script depends on them. Types that are not stated are found file by file and then made one
#' over the files of this instance (logical < integer < double, everything else is text), so what another instance
#' finds in its files can differ. Whole numbers too long for a double (past 15 digits) stay text.
#'
#' @param name Name of an input of the job.
#' @param col_types Types of the columns, stated once for all files: a named vector such as
#'   `c(age = "integer", job = "character")`, or one unnamed type for all columns. Known are `"logical"`, `"integer"`,
#'   `"double"`, `"character"`, `"Date"` and `"POSIXct"`. Every column named must be in every file, and every value must
#'   fit. Of no effect on JSON lines and recordIO-protobuf, where each value brings its type.
#' @param columns Names of the columns to keep, in this order, or `NULL` for all. Not reading a column saves its time.
#' @param files Files to read, as [shard_files()] gives them; by default all of the channel. CSV, TSV (`.csv`, `.tsv`)
#'   and JSON lines (`.jsonl`, `.ndjson`), compressed (`.gz`) or not, and recordIO-protobuf (`.pbr`), whose columns are
#'   those of [read_recordio()].
#' @param na Texts that stand for a missing value in CSV and TSV where they have no quotes: `,NA,` is missing, `,"NA",`
#'   is text, and so is `,"",`. With `na = ""` the text `NA` is a value like others even without quotes. Without the
#'   package data.table the quotes cannot be told, and quoted or not these texts are missing.
#' @returns A data frame; a `data.table` if the script has attached that package, which is also the faster reader when
#'   it is installed. Errors: `shardr_error_columns_differ` names the files whose columns are not those of the first,
#'   or not those stated; `shardr_error_data` names the file that cannot be read and says why.
#' @seealso [shard_files()], [write_output()]
#' @export
#' @examplesIf file.exists("/opt/ml/config/processingjobconfig.json")
#' read_channel("raw", col_types = c(age = "integer", job = "character"))
#' read_channel("raw", files = shard_files("raw", "[.]csv$"), col_types = "character")
read_channel <- function(name, col_types = NULL, columns = NULL, files = NULL, na = c("", "NA")) {
  call <- environment()
  check_col_types(col_types, call)
  if (is.null(files)) files <- files_of(name, NULL, call)
  formats <- lapply(files, table_format, call = call)
  kinds <- unique(vapply(formats, `[[`, "", "kind"))
  if (length(kinds) > 1L) {
    container_abort(
      c(
        "Channel {.val {name}} holds files of several formats: {.val {kinds}}.",
        "i" = "Choose with {.code files = shard_files(\"{name}\", pattern)}."
      ),
      "data", call
    )
  }
  if (length(kinds) == 0L) {
    x <- empty_frame(col_types, columns)
  } else if (kinds == "jsonl") {
    x <- read_jsonl_files(files, columns, call)
  } else if (kinds == "recordio") {
    x <- read_record_files(files, columns, call)
  } else {
    x <- read_text_files(files, formats, col_types, columns, na, call)
  }
  if ("package:data.table" %in% search()) data.table::setDT(x)
  x
}

column_types <- c("logical", "integer", "double", "numeric", "character", "Date", "POSIXct")

check_col_types <- function(col_types, call) {
  wrong <- setdiff(as.character(col_types), column_types)
  if (length(wrong)) {
    container_abort(
      c("Unknown column type {.val {wrong}}.", "i" = "Known are {.val {column_types}}."), "data", call
    )
  }
  if (length(col_types) > 1L && (is.null(names(col_types)) || !all(nzchar(names(col_types))))) {
    container_abort(
      c("{.arg col_types} must name its columns.", "i" = "One type without a name stands for all columns."),
      "data", call
    )
  }
}

# What the name of a file says about its content.
table_format <- function(file, call) {
  gz <- grepl("[.]gz$", file, ignore.case = TRUE)
  ending <- tolower(tools::file_ext(sub("[.]gz$", "", file, ignore.case = TRUE)))
  kind <- c(csv = "csv", tsv = "tsv", jsonl = "jsonl", ndjson = "jsonl", pbr = "recordio")[ending]
  if (is.na(kind) || gz && kind == "recordio") {
    container_abort(
      c(
        "{.file {file}} is not of a format that scripts read and write here.",
        "i" = "Use .csv, .tsv, .jsonl or .ndjson, with .gz or without, or .pbr for recordIO-protobuf."
      ),
      "data", call
    )
  }
  list(kind = unname(kind), gz = gz, sep = if (kind == "tsv") "\t" else ",")
}

has_data_table <- function() requireNamespace("data.table", quietly = TRUE)

empty_frame <- function(col_types, columns) {
  types <- as.list(if (is.null(names(col_types))) list() else col_types)
  x <- lapply(types, function(type) as_type(NULL, type))
  if (!is.null(columns)) {
    default <- if (length(col_types) == 1L && is.null(names(col_types))) col_types else "logical"
    x[setdiff(columns, names(x))] <- list(as_type(NULL, default))
    x <- x[columns]
  }
  as.data.frame(x, optional = TRUE, stringsAsFactors = FALSE)
}

as_type <- function(values, type) {
  switch(type,
    logical = as.logical(values),
    integer = as.integer(values),
    double = ,
    numeric = as.numeric(values),
    character = as.character(values),
    Date = structure(as.numeric(values), class = "Date"),
    POSIXct = structure(as.numeric(values), class = c("POSIXct", "POSIXt"), tzone = "UTC")
  )
}

# Text ---------------------------------------------------------------------------------------------------------------

read_text_files <- function(files, formats, col_types, columns, na, call) {
  plain <- Map(unpacked, files, formats)
  on.exit(unlink(unlist(plain[plain != files])))
  separators <- vapply(formats, `[[`, "", "sep")
  headers <- Map(read_header, plain, separators)
  check_headers(headers, files, col_types, columns, call)
  kept <- if (is.null(columns)) headers[[1]] else columns
  stated <- stated_types(col_types, kept)
  read <- if (has_data_table()) read_text_fast else read_text_base
  quoted <- vapply(plain, has_quotes, NA)
  if (length(files) > 1L) make_room(sum(file.size(unlist(plain))))
  read_one <- function(i, types) {
    warned <- NULL
    found <- tryCatch(
      # Readers warn where they leave rows out or a value does not fit its type: here that is an error, raised only when
      # the reader has finished, for fread does not like to be left halfway.
      withCallingHandlers(
        read(plain[[i]], separators[[i]], types, kept, na, quoted[[i]]),
        warning = function(w) {
          warned <<- c(warned, list(w))
          invokeRestart("muffleWarning")
        }
      ),
      error = identity
    )
    wrong <- if (inherits(found, "error")) found else warned[[1]]
    if (is.null(wrong)) return(found)
    container_abort(
      c("Cannot read {.file {files[[i]]}}.", "x" = "{conditionMessage(wrong)}"), "data", call,
      env = environment()
    )
  }
  tables <- lapply(seq_along(files), read_one, types = stated)
  common <- common_types(tables, setdiff(kept, names(stated)))
  # A column that is text in one file is read as text in all: 007 read as a number has lost its zeros.
  text <- names(common)[common == "character"]
  for (i in seq_along(tables)) {
    if (!all(vapply(tables[[i]][text], column_type, "") == "character")) {
      tables[[i]] <- read_one(i, c(stated, common[text]))
    }
    other <- names(common)[vapply(tables[[i]][names(common)], column_type, "") != common]
    tables[[i]][other] <- Map(as_type, tables[[i]][other], common[other])
  }
  bind_tables(tables)
}

# fread reads .gz only with another package's help, so compressed files are unpacked by R itself.
unpacked <- function(file, format) {
  if (!format$gz) return(file)
  out <- tempfile(fileext = paste0(".", format$kind))
  from <- gzfile(file, "rb")
  on.exit(close(from))
  to <- file(out, "wb")
  on.exit(close(to), add = TRUE)
  while (length(bytes <- readBin(from, "raw", 2^24))) writeBin(bytes, to)
  out
}

# While the tables of several files pile up, R collects garbage each time its heap has to grow a little, and goes
# through every text read so far each time: a quarter of the seconds of a script that splits a million rows. A vector
# that is asked for and never filled takes no memory, but from then on R counts with a heap of that size. Reading,
# binding and taking rows need about six times the bytes of the files; above half a GB memory is the dearer thing.
make_room <- function(bytes) {
  try(readBin(nullfile(), "raw", min(6 * bytes, 2^29)), silent = TRUE)
  invisible()
}

read_header <- function(path, sep) {
  header <- scan(
    path, "",
    sep = sep, quote = "\"", nlines = 1L, quiet = TRUE, comment.char = "", na.strings = character(), encoding = "UTF-8"
  )
  header <- sub("^\ufeff", "", header)
  # A nameless column is what write.csv() makes of row names.
  ifelse(nzchar(header), header, paste0("V", seq_along(header)))
}

check_headers <- function(headers, files, col_types, columns, call) {
  needed <- union(names(col_types), columns)
  problems <- character()
  for (i in seq_along(files)) {
    lacking <- setdiff(union(headers[[1]], needed), headers[[i]])
    extra <- setdiff(headers[[i]], headers[[1]])
    double <- unique(headers[[i]][duplicated(headers[[i]])])
    found <- c(
      if (length(lacking)) paste("has no column", paste(lacking, collapse = ", ")),
      if (length(extra)) paste("has a further column", paste(extra, collapse = ", ")),
      if (length(double)) paste("has two columns", paste(double, collapse = ", "))
    )
    if (length(found)) problems <- c(problems, paste0(files[[i]], " ", paste(found, collapse = "; "), "."))
  }
  if (length(problems) == 0L) return(invisible())
  expected <- if (length(needed)) "the columns that were asked for" else paste("the columns of", escaped(files[[1]]))
  container_abort(
    c(
      paste0("Every file must have ", expected, "."),
      stats::setNames(escaped(problems), rep("x", length(problems)))
    ),
    "columns_differ", call
  )
}

# Text of files in a message is text, not a template.
escaped <- function(text) gsub("}", "}}", gsub("{", "{{", text, fixed = TRUE), fixed = TRUE)

stated_types <- function(col_types, kept) {
  if (is.null(names(col_types))) {
    return(stats::setNames(rep(as.character(col_types), length(kept)), if (length(col_types)) kept))
  }
  col_types[intersect(names(col_types), kept)]
}

# The two readers take the same arguments and give the same frame: the header's columns `kept`, in that order.

read_text_fast <- function(path, sep, types, kept, na, quoted = has_quotes(path)) {
  x <- data.table::fread(
    file = path, sep = sep, header = TRUE, select = kept, colClasses = types, na.strings = na, quote = "\"",
    strip.white = FALSE, encoding = "UTF-8", integer64 = "character", keepLeadingZeros = TRUE,
    showProgress = FALSE, data.table = FALSE
  )
  names(x) <- kept
  guessed <- setdiff(kept, names(types))
  x[guessed] <- lapply(x[guessed], number_if_exact)
  if (quoted) x[] <- lapply(x, single_quotes)
  x
}

# fread has no whole type between integer and text here: numbers past 2^31 arrive as text.
number_if_exact <- function(v) {
  if (!is.character(v)) return(v)
  first <- v[!is.na(v)][1]
  if (is.na(first) || !grepl(whole_number, first)) return(v)
  if (all(is.na(v) | grepl(whole_number, v))) as.numeric(v) else v
}

whole_number <- "^-?(0|[1-9][0-9]{0,14})$"

# fread leaves the doubled quotes of a quoted field doubled; fwrite would double them again.
single_quotes <- function(v) {
  if (!is.character(v)) return(v)
  hit <- grep("\"\"", v, fixed = TRUE)
  v[hit] <- gsub("\"\"", "\"", v[hit], fixed = TRUE)
  v
}

# Most files have no quote at all; finding that out costs a fraction of looking into every value. Past the connection's
# own buffer and in pieces that stay in the processor's cache, it costs half of what large pieces do.
has_quotes <- function(path) {
  con <- file(path, "rb", raw = TRUE)
  on.exit(close(con))
  while (length(bytes <- readBin(con, "raw", 2^17))) {
    if (length(grepRaw("\"", bytes, fixed = TRUE))) return(TRUE)
  }
  FALSE
}

read_text_base <- function(path, sep, types, kept, na, quoted = TRUE) {
  header <- read_header(path, sep)
  if (length(readLines(path, 2L, warn = FALSE)) < 2L) {
    x <- as.data.frame(stats::setNames(rep(list(character()), length(header)), header), optional = TRUE)
  } else {
    x <- utils::read.table(
      path,
      sep = sep, header = FALSE, skip = 1L, col.names = header, check.names = FALSE, colClasses = "character",
      na.strings = na, quote = "\"", comment.char = "", fill = FALSE, encoding = "UTF-8",
      blank.lines.skip = length(header) > 1L
    )
  }
  x <- x[kept]
  x[] <- Map(function(v, column) typed_text(v, column, types), x, kept)
  x
}

typed_text <- function(v, column, types) {
  guess <- if (any(grepl("^[+-]?0[0-9]", v))) v else utils::type.convert(v, as.is = TRUE)
  if (is.double(guess) && any(abs(guess) >= 1e15, na.rm = TRUE) && all(is.na(v) | grepl("^-?[0-9]+$", v))) guess <- v
  type <- types[column]
  if (is.na(type)) return(guess)
  if (type == "character") return(v)
  fits <- switch(type,
    logical = is.logical(guess),
    integer = is.logical(guess) && all(is.na(guess)) || is.integer(guess),
    double = ,
    numeric = is.logical(guess) && all(is.na(guess)) || is.numeric(guess),
    TRUE
  )
  if (!fits) stop("Column ", column, " holds values that are not of type ", type, ".")
  switch(type,
    Date = as.Date(v),
    POSIXct = as.POSIXct(v, tz = "UTC", tryFormats = c("%Y-%m-%dT%H:%M:%OSZ", "%Y-%m-%d %H:%M:%OS", "%Y-%m-%d")),
    as_type(guess, type)
  )
}

column_type <- function(v) {
  if (inherits(v, "POSIXct")) "POSIXct" else if (inherits(v, "Date")) "Date" else typeof(v)
}

# One type per column over all tables; a column without any value fits every type.
common_types <- function(tables, columns) {
  vapply(columns, function(column) {
    values <- lapply(tables, `[[`, column)
    told <- unique(vapply(Filter(function(v) !all(is.na(v)), values), column_type, ""))
    if (length(told) == 0L) {
      "logical"
    } else if (length(told) == 1L) {
      told
    } else if (setequal(told, c("integer", "double"))) {
      "double"
    } else {
      "character"
    }
  }, "")
}

bind_tables <- function(tables) {
  if (length(tables) == 1L) return(tables[[1]])
  if (has_data_table()) {
    x <- data.table::rbindlist(tables, use.names = TRUE)
    return(data.table::setDF(x))
  }
  do.call(rbind, tables)
}

# JSON lines ---------------------------------------------------------------------------------------------------------

read_jsonl_files <- function(files, columns, call) {
  read_one <- function(file) {
    con <- if (grepl("[.]gz$", file, ignore.case = TRUE)) gzfile(file, "rb") else file(file, "rb")
    on.exit(close(con))
    tryCatch(
      jsonlite::stream_in(con, pagesize = 10000, verbose = FALSE),
      error = function(e) {
        container_abort(
          c("Cannot read {.file {file}}.", "x" = "{conditionMessage(e)}"), "data", call,
          env = list2env(list(file = file, e = e))
        )
      }
    )
  }
  # A record without a key has NA there, so files may have different columns.
  x <- jsonlite::rbind_pages(lapply(files, read_one))
  if (is.null(columns)) return(x)
  x[setdiff(columns, names(x))] <- rep(NA, nrow(x))
  x[columns]
}

# recordIO-protobuf --------------------------------------------------------------------------------------------------

read_record_files <- function(files, columns, call) {
  x <- read_recordio(files)
  lacking <- setdiff(columns, names(x))
  if (length(lacking) && length(x)) {
    container_abort(
      c("The records have no column {.field {lacking}}.", "i" = "They have {.field {names(x)}}."),
      "columns_differ", call
    )
  }
  if (is.null(columns)) x else x[intersect(columns, names(x))]
}
