# A plan as R shows it: what would run, and who gets which objects.

#' @export
as.data.frame.shardr_plan <- function(x, row.names = NULL, optional = FALSE, ...) { # nolint: object_name_linter.
  rows <- list()
  for (step in x$steps) {
    for (shard in step$shards) {
      hosts <- if (length(shard$instances)) shard$instances else list(list())
      rows <- c(rows, lapply(hosts, function(host) {
        c(list(step = step$name, input = shard$input, distribution = shard$distribution), host)
      }))
    }
  }
  data.frame(
    step = column(rows, "step", ""), input = column(rows, "input", ""),
    distribution = column(rows, "distribution", ""), host = column(rows, "host", ""),
    objects = column(rows, "objects", 0), bytes = column(rows, "bytes", 0), row.names = row.names
  )
}

#' @export
format.shardr_plan <- function(x, ...) {
  if (!is.null(x$diff)) return(strsplit(x$diff$said, "\n", fixed = TRUE)[[1]])
  head <- c(paste0("<plan of ", x$name, ", runner ", x$runner, ">"), x$runner_reason)
  notes <- paste0("note: ", in_r_words(as.character(unlist(x$notices))), recycle0 = TRUE)
  c(head, unlist(lapply(x$steps, plan_lines), use.names = FALSE), notes)
}

#' @export
print.shardr_plan <- function(x, ...) {
  cat(format(x), sep = "\n")
  if (is.null(x$diff)) cat("Nothing has run.\n")
  invisible(x)
}

plan_lines <- function(step) {
  runs <- paste(c(basename(as.character(unlist(step$entrypoint))), unlist(step$arguments)), collapse = " ")
  jobs <- length(step$jobs)
  width <- if (jobs > 1L) {
    paste(count_of(jobs, "job"), "of one", step$instance_type)
  } else {
    paste(count_of(step$instance_count, "instance"), "of", step$instance_type)
  }
  after <- if (length(step$needs)) paste0(", after ", paste(unlist(step$needs), collapse = ", "))
  c(
    paste0(step$name, ": ", runs, " on ", width, after),
    unlist(lapply(step$shards, shard_lines)),
    if (!is.null(step$asks)) asks_line(step$asks),
    if (length(step$outputs)) paste0("  makes ", paste(unlist(step$outputs), collapse = ", "))
  )
}

# The model that a step asks; one that a step makes is known by the image that serves it.
asks_line <- function(asks) {
  what <- if (is.null(asks$request)) paste("model", asks$model) else "its model"
  paste0("  asks ", what, if (!is.null(asks$image)) paste0(", served by ", asks$image))
}

shard_lines <- function(shard) {
  hosts <- shard$instances
  takes <- paste0("  takes ", shard$input, ": ")
  how <- if (shard$input_mode != "File") paste(" in mode", shard$input_mode)
  if (length(hosts) == 0L) return(paste0(takes, shard$distribution, how, ", made by an earlier step"))
  if (shard$distribution == "FullyReplicated") {
    return(paste0(takes, "each instance all of it", how, ", ", amount(hosts[[1]]), "  ", first_keys(hosts[[1]])))
  }
  shown <- utils::head(hosts, 10L)
  name <- each_text(shown, function(host) host$host)
  table <- table_lines(list(name, each_text(shown, amount), each_text(shown, first_keys)))
  more <- length(hosts) - length(shown)
  none <- sum(vapply(hosts, function(host) host$objects == 0, NA))
  c(
    paste0(takes, shard$distribution, how), paste0("    ", table),
    if (more) paste0("    and ", count_of(more, "more instance"), "; as.data.frame() has all"),
    if (none) paste0("    ", none, " of ", count_of(length(hosts), "instance"), " get", if (none == 1L) "s", " nothing")
  )
}

amount <- function(host) {
  paste0(count_of(host$objects, "object"), if (!is.null(host$bytes)) paste0(", ", size_text(host$bytes)))
}

# As many of the first keys as fit on a line beside the rest.
first_keys <- function(host) {
  keys <- as.character(unlist(host$keys))
  fit <- max(1L, sum(cumsum(nchar(keys) + 2) <= 62))
  paste(c(utils::head(keys, fit), if (host$objects > fit) cli::symbol$ellipsis), collapse = ", ")
}
