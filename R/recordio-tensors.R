# The tensors of records, and rows of them. Python: recordio/tensors.py and decoding.py.

tensor_kinds <- c(float32 = 2, float64 = 3, int32 = 7)

no_values <- "has no tensor of numbers \"values\" in its features"

# What the records of a group hold, which must have the width, the dtype and the widths of labels that are asked for.
record_block <- function(group, asked) {
  if (!is.null(group$alike)) return(alike_block(group$alike, asked))
  bytes <- as.integer(group$content)
  rows <- seq_along(group$begins)
  found <- message_fields(bytes, slices(rows, group$begins, group$ends, rows), 1:4)
  features <- record_section(group$content, bytes, found[[1L]])
  labels <- record_section(group$content, bytes, found[[2L]])
  values <- features[["values"]]
  if (is.null(values) && (length(labels) == 0L || length(features) || !is.null(asked$width))) {
    record_fault(1L, no_values)
  }
  if (!is.null(values)) {
    check_each(values, length(rows), no_values)
    check_dtype(values, asked$dtype)
  }
  check_names(lapply(labels, `[[`, "owner"), asked$labels, length(rows))
  list(
    features = if (!is.null(values)) tensor_rows(values, asked$width, "columns"),
    labels = named_labels(Map(function(tensor, name) {
      label_values(as.matrix(tensor_rows(tensor, as.list(asked$labels)[[name]], numbers_in_label(name))))
    }, labels, names(labels)), names(labels)),
    uid = record_texts(group$content, found[[3L]], length(rows)),
    metadata = record_texts(group$content, found[[4L]], length(rows)),
    dtype = values$kind, rows = length(rows)
  )
}

check_each <- function(tensor, rows, message) {
  if (length(tensor$owner) < rows) record_fault(setdiff(seq_len(rows), tensor$owner)[[1L]], message)
}

check_dtype <- function(tensor, dtype) {
  if (is.null(dtype)) return()
  other <- which(tensor$kinds != dtype)
  if (length(other)) {
    record_fault(tensor$owner[[other[[1L]]]], paste0("expected ", dtype, ", found ", tensor$kinds[[other[[1L]]]]))
  }
}

numbers_in_label <- function(name) paste0("numbers in the label \"", name, "\"")

# Whether each record has the labels that are asked for, or those of the first, and no other: who has each is known.
check_names <- function(owners, asked, rows) {
  wanted <- if (is.null(asked)) names(owners)[vapply(owners, function(of) of[[1L]] == 1L, NA)] else names(asked)
  all <- union(wanted, names(owners))
  wrong <- vapply(all, function(name) {
    if (!name %in% wanted) owners[[name]][[1L]] else c(setdiff(seq_len(rows), owners[[name]]), Inf)[[1L]]
  }, 0)
  if (!any(is.finite(wrong))) return()
  name <- all[[which.min(wrong)]]
  told <- if (name %in% wanted) c("has no label", "which others have") else c("has a label", "which others have not")
  record_fault(min(wrong), paste0(told[[1L]], " \"", name, "\", ", told[[2L]]))
}

named_labels <- function(values, names) if (length(values)) stats::setNames(values, names) else list()

label_values <- function(table) if (ncol(table) == 1L) as.vector(table) else table

record_texts <- function(content, slices, rows) {
  if (length(slices$owner) == 0L) return(NULL)
  if (any(slices$wire != 2)) record_fault(slices$owner[[which(slices$wire != 2)[[1L]]]])
  found <- rep(NA_character_, rows)
  found[slices$owner] <- vapply(seq_along(slices$owner), function(i) {
    text_of(content[seq_len(slices$end[[i]] - slices$begin[[i]] + 1) + slices$begin[[i]] - 1])
  }, "")
  Encoding(found) <- "UTF-8"
  found
}

# Bytes as a text, which in R has no NUL: where one is, it gets the character that stands for what was left out.
text_of <- function(bytes) {
  bytes[bytes == 0L] <- as.raw(0x1a)
  rawToChar(bytes)
}

# The tensors of a map, by name.
record_section <- function(content, bytes, entries) {
  n <- seq_along(entries$owner)
  # an entry is an owner of its own, as a record has one for each name
  parts <- tryCatch(
    message_fields(bytes, slices(n, entries$begin, entries$end, n), 1:2),
    shardr_record_fault = function(fault) record_fault(entries$owner[[fault$record]], fault$message)
  )
  names <- last_of_each(parts[[1L]])
  values <- last_of_each(parts[[2L]])
  both <- intersect(names$owner, values$owner)
  names <- pick(names, match(both, names$owner))
  values <- pick(values, match(both, values$owner))
  values$owner <- entries$owner[both]
  texts <- record_names(content, names)
  tensors <- lapply(unique(texts), function(name) {
    record_tensors(content, bytes, last_of_each(pick(values, texts == name)))
  })
  stats::setNames(tensors, unique(texts))
}

# The names of entries: nearly all are the same, so each is made once for its bytes.
record_names <- function(content, names) {
  found <- character(length(names$owner))
  left <- seq_along(found)
  while (length(left)) {
    first <- left[[1L]]
    name <- content[names$begin[[first]] + seq_len(names$end[[first]] - names$begin[[first]] + 1) - 1]
    same <- left[names$end[left] - names$begin[left] + 1 == length(name)]
    for (i in seq_along(name)) same <- same[content[names$begin[same] + i - 1] == name[[i]]]
    found[same] <- text_of(name)
    left <- setdiff(left, same)
  }
  found
}

record_tensors <- function(content, bytes, values) {
  kinds <- message_fields(bytes, values, c(tensor_kinds, 9))
  if (length(kinds[[4L]]$owner)) {
    record_fault(kinds[[4L]]$owner[[1L]], "holds bytes, and tensors of numbers are read")
  }
  found <- list()
  for (i in 1:3) {
    held <- last_of_each(kinds[[i]])
    if (length(held$owner)) found[[names(tensor_kinds)[[i]]]] <- tensor_of(content, bytes, held, i)
  }
  owners <- unlist(lapply(found, `[[`, "owner"), use.names = FALSE)
  without <- setdiff(values$owner, owners)
  if (length(without)) record_fault(without[[1L]], "has a value without a tensor")
  if (anyDuplicated(owners)) record_fault(owners[[anyDuplicated(owners)]])
  kinds <- rep(names(found), lengths(lapply(found, `[[`, "owner")))
  if (length(found) == 1L) return(c(found[[1L]], list(kinds = kinds, kind = names(found))))
  joined <- function(name) unlist(lapply(found, `[[`, name), use.names = FALSE)
  order <- order(owners, method = "radix")
  moved <- function(items, counts) {
    items[sequence(counts[order], from = (cumsum(counts) - counts + 1)[order])]
  }
  list(
    owner = owners[order], values = moved(joined("values"), joined("counts")), counts = joined("counts")[order],
    keys = moved(joined("keys"), joined("key_counts")), key_counts = joined("key_counts")[order],
    widths = joined("widths")[order], kinds = kinds[order], kind = "float64"
  )
}

tensor_of <- function(content, bytes, held, kind) {
  parts <- message_fields(bytes, held, 1:3)
  values <- if (kind == 3L) {
    gathered_varints(bytes, parts[[1L]], held$owner, signed = TRUE)
  } else {
    gathered_floats(content, parts[[1L]], held$owner, c(4, 8)[[kind]])
  }
  keys <- gathered_varints(bytes, parts[[2L]], held$owner)
  shape <- gathered_varints(bytes, parts[[3L]], held$owner)
  widths <- rep(-1, length(held$owner))
  has <- which(shape$counts > 0)
  widths[has] <- vapply(split(shape$values, rep(has, shape$counts[has])), prod, 0)
  list(
    owner = held$owner, values = values$values, counts = values$counts, keys = keys$values, key_counts = keys$counts,
    widths = widths
  )
}

# Tensors as a matrix, or as a list of class shardr_sparse where one has keys.
tensor_rows <- function(tensor, width, what) {
  sparse <- tensor$key_counts > 0 | (tensor$widths >= 0 & tensor$counts == 0)
  check <- function(wrong, message) {
    if (any(wrong)) record_fault(tensor$owner[[which(wrong)[[1L]]]], message(which(wrong)[[1L]]))
  }
  check(sparse & tensor$widths < 0, function(i) "is sparse and has no shape")
  widths <- ifelse(tensor$widths >= 0, tensor$widths, tensor$counts)
  wanted <- if (is.null(width)) widths[[1L]] else width
  check(widths != wanted, function(i) {
    width_words(wanted, what, widths[[i]])
  })
  check(tensor$counts != ifelse(sparse, tensor$key_counts, widths), function(i) {
    of <- if (sparse[[i]]) paste(plain_number(tensor$key_counts[[i]]), "keys") else paste("a shape of", widths[[i]])
    paste0("has ", plain_number(tensor$counts[[i]]), " values for ", of)
  })
  if (!any(sparse)) return(matrix(tensor$values, ncol = wanted, byrow = TRUE))
  owner <- rep(seq_along(tensor$owner), tensor$key_counts)
  check_keys(tensor, owner, wanted)
  columns <- sequence(tensor$counts)
  columns[rep(sparse, tensor$counts)] <- tensor$keys + 1
  sparse_rows(
    rep(seq_along(tensor$owner), tensor$counts), columns, tensor$values, c(length(tensor$owner), wanted)
  )
}

width_words <- function(wanted, what, found) {
  paste0("expected ", plain_number(wanted), " ", what, ", found ", plain_number(found))
}

check_keys <- function(tensor, owner, width) {
  keys <- tensor$keys
  beyond <- which(keys >= width)
  if (length(beyond)) {
    record_fault(tensor$owner[[owner[[beyond[[1L]]]]]], paste0(
      "has the key ", plain_number(keys[[beyond[[1L]]]]), ", and the columns are counted from 0 to ",
      plain_number(width - 1)
    ))
  }
  back <- which(diff(keys) <= 0 & diff(owner) == 0)
  if (length(back)) {
    record_fault(tensor$owner[[owner[[back[[1L]]]]]], paste0(
      "its keys do not ascend: ", plain_number(keys[[back[[1L]] + 1L]]), " follows ", plain_number(keys[[back[[1L]]]])
    ))
  }
}
