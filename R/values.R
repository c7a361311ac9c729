# Values other than data frames on the road between R and Python: a tree as JSON text, whose leaves are packed columns.
#
# python/shardr/data/values.py has the other half. Node kinds: null, vector, frame, list. The buffers of all leaves
# stand in one list, in the order in which the leaves come.

# The value that `text` and `buffers` say.
value_unpack <- function(text, buffers) {
  at <- 0L
  read <- function(node) {
    switch(node$kind,
      null = NULL,
      list = {
        items <- lapply(node$items, read)
        if (length(node$names)) names(items) <- vapply(node$names, enc2utf8, "")
        items
      },
      {
        mine <- buffers[at + seq_len(node$buffers)]
        at <<- at + node$buffers
        frame <- frame_unpack(node$header, mine)
        if (node$kind == "frame") frame else frame[[1]]
      }
    )
  }
  read(jsonlite::fromJSON(text, simplifyVector = FALSE))
}

# The value as list(node = <what the tree says>, buffers = list(<raw>, ...)).
value_pack <- function(x) {
  buffers <- list()
  problems <- character()
  leaf <- function(kind, frame, path, ...) {
    packed <- tryCatch(frame_pack(frame), shardr_error_frame_unsupported = identity)
    if (inherits(packed, "condition")) {
      problems <<- c(problems, paste0(path, ": ", sub("^column 1 \"\": ", "", packed$problems)))
      return(NULL)
    }
    buffers <<- c(buffers, packed$buffers)
    list(kind = kind, header = packed$header, buffers = length(packed$buffers), ...)
  }
  write <- function(x, path) {
    if (is.null(x)) {
      list(kind = "null")
    } else if (is.data.frame(x)) {
      leaf("frame", x, path)
    } else if (is.list(x) && !inherits(x, "POSIXlt")) {
      places <- seq_along(x)
      paths <- if (is.null(names(x))) paste0(path, "[[", places, "]]") else paste0(path, "$", names(x))
      items <- lapply(places, function(i) write(x[[i]], paths[i]))
      list(kind = "list", names = as.list(names(x)), items = items)
    } else if (is.atomic(x) && is.null(dim(x))) {
      frame <- structure(list(unname(x)), names = "", class = "data.frame", row.names = .set_row_names(length(x)))
      leaf("vector", frame, path, names = as.list(names(x)))
    } else {
      what <- if (is.null(dim(x))) paste("an R object of type", typeof(x)) else "a matrix"
      problems <<- c(problems, paste0(path, ": ", what, " (return data frames, vectors and lists of them)"))
      NULL
    }
  }
  node <- write(x, "result")
  if (length(problems)) {
    frame_abort("this result cannot cross from R to Python", problems)
  }
  list(node = node, buffers = buffers)
}

# What Python's `shardr.r.call()` asks for: list(<JSON text>, <buffers>), never an error.
call_from_python <- function(fun, text, buffers) {
  warned <- character()
  result <- tryCatch(
    withCallingHandlers(
      value_pack(call_by_name(fun, value_unpack(text, buffers))),
      warning = function(w) {
        warned <<- c(warned, conditionMessage(w))
        invokeRestart("muffleWarning")
      }
    ),
    error = identity
  )
  reply <- if (inherits(result, "condition")) {
    list(error = condition_as_list(result))
  } else {
    list(value = result$node)
  }
  text <- jsonlite::toJSON(c(reply, list(warnings = as.list(warned))), auto_unbox = TRUE, null = "null")
  list(enc2utf8(unclass(text)), if (is.null(reply$error)) result$buffers else list())
}

condition_as_list <- function(e) {
  call <- conditionCall(e)
  list(
    message = cli::ansi_strip(if (length(e$problems)) e$message else conditionMessage(e)),
    class = as.list(class(e)),
    call = if (is.null(call) || identical(call[[1]], quote(eval))) "" else deparse(call, 200L, nlines = 1L),
    problems = as.list(as.character(e$problems)),
    package = as.character(e$package)[1]
  )
}

# Calls the function with arguments that it sees under their names, so that the call in an error is short to read
# however large the data is.
call_by_name <- function(fun, args) {
  found <- function_by_name(fun)
  given <- if (is.null(names(args))) rep("", length(args)) else names(args)
  given[nzchar(given)] <- r_names(given[nzchar(given)], found, args)
  symbols <- ifelse(nzchar(given), given, paste0("argument_", seq_along(args)))
  frame <- list2env(rlang::set_names(args, symbols), parent = globalenv())
  for (missing in symbols[vapply(args, is.null, TRUE)]) {
    assign(missing, NULL, envir = frame)
  }
  eval(as.call(c(list(found$expression), rlang::set_names(lapply(symbols, as.name), given))), frame)
}

function_by_name <- function(fun) {
  parts <- regmatches(fun, regexec("^(?:([A-Za-z][A-Za-z0-9.]*)(:::?))?([^:]+)$", fun))[[1]]
  if (length(parts) == 0) {
    cli::cli_abort(
      c("{.val {fun}} does not name a function.", "i" = "Write {.val package::function}."),
      class = c("shardr_error_r_call", "shardr_error"), call = NULL
    )
  }
  package <- parts[2]
  if (package == "reticulate" && isTRUE(getOption("shardr.hosted_by_python"))) {
    cli::cli_abort(
      c(
        "reticulate cannot be used in an R that Python has started.",
        "x" = "A second Python in the same process aborts it at exit.",
        "i" = "Call the Python function from Python."
      ),
      class = c("shardr_error_r_call", "shardr_error"), call = NULL
    )
  }
  name <- parts[4]
  if (!nzchar(package)) {
    return(list(name = name, value = get(name, envir = globalenv(), mode = "function"), expression = as.name(name)))
  }
  value <- if (parts[3] == "::") getExportedValue(package, name) else get(name, envir = asNamespace(package))
  list(name = name, value = value, expression = call(parts[3], as.name(package), as.name(name)))
}

# R's spelling of argument names: Python cannot write `na.rm`, so `na_rm` stands for it where the function, or the
# method it would use, has `na.rm` and no `na_rm`.
r_names <- function(given, found, args) {
  classes <- if (length(args)) c(class(args[[1]]), "default") else "default"
  home <- if (is.primitive(found$value)) baseenv() else topenv(environment(found$value))
  places <- list(home, home[[".__S3MethodsTable__."]])
  methods <- lapply(paste0(found$name, ".", classes), function(method) {
    Find(is.function, lapply(Filter(is.environment, places), function(place) get0(method, place, inherits = FALSE)))
  })
  takers <- Filter(is.function, c(list(found$value), methods))
  known <- unlist(lapply(takers, function(taker) names(formals(base::args(taker)))))
  dotted <- gsub("_", ".", given, fixed = TRUE)
  ifelse(!given %in% known & dotted %in% known, dotted, given)
}
