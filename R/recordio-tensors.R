# The tensors of records, and rows of them. Python: recordio/tensors.py and decoding.py.

tensor_kinds <- c(float32 = 2, float64 = 3, int32 = 7)

# What the records of a group hold.
record_block <- function(group, width) {
  alike <- dense_block(group, width)
  if (!is.null(alike)) return(alike)
  bytes <- as.integer(group$content)
  rows <- seq_along(group$begins)
  found <- message_fields(bytes, slices(rows, group$begins, group$ends, rows), 1:4)
  features <- record_section(group$content, bytes, found[[1L]])
  labels <- record_section(group$content, bytes, found[[2L]])
  none <- "has no tensor of numbers \"values\" in its features"
  values <- features[["values"]]
  if (is.null(values) && (length(labels) == 0L || length(features) || !is.null(width))) record_fault(1L, none)
  if (!is.null(values)) check_each(values, length(rows), none)
  list(
    features = if (!is.null(values)) tensor_rows(values, width, "columns"),
    labels = named_labels(Map(function(tensor, name) {
      check_each(tensor, length(rows), paste0("has no label \"", name, "\", which others have"))
      label_values(as.matrix(tensor_rows(tensor, NULL, paste0("numbers in the label \"", name, "\""))))
    }, labels, names(labels)), names(labels)),
    uid = record_texts(group$content, found[[3L]], length(rows)),
    metadata = record_texts(group$content, found[[4L]], length(rows)),
    dtype = values$kind, rows = length(rows)
  )
}

check_each <- function(tensor, rows, message) {
  if (length(tensor$owner) < rows) record_fault(setdiff(seq_len(rows), tensor$owner)[[1L]], message)
}

named_labels <- function(values, names) if (length(values)) stats::setNames(values, names) else list()

label_values <- function(table) if (ncol(table) == 1L) as.vector(table) else table

record_texts <- function(content, slices, rows) {
  if (length(slices$owner) == 0L) return(NULL)
  if (any(slices$wire != 2)) record_fault(slices$owner[[which(slices$wire != 2)[[1L]]]])
  found <- rep(NA_character_, rows)
  found[slices$owner] <- vapply(seq_along(slices$owner), function(i) {
    rawToChar(content[seq_len(slices$end[[i]] - slices$begin[[i]] + 1) + slices$begin[[i]] - 1])
  }, "")
  Encoding(found) <- "UTF-8"
  found
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
    found[same] <- rawToChar(name)
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
  if (length(found) == 1L) return(c(found[[1L]], kind = names(found)))
  joined <- function(name) unlist(lapply(found, `[[`, name), use.names = FALSE)
  order <- order(owners, method = "radix")
  moved <- function(items, counts) {
    items[sequence(counts[order], from = (cumsum(counts) - counts + 1)[order])]
  }
  list(
    owner = owners[order], values = moved(joined("values"), joined("counts")), counts = joined("counts")[order],
    keys = moved(joined("keys"), joined("key_counts")), key_counts = joined("key_counts")[order],
    widths = joined("widths")[order], kind = "float64"
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
    paste0("expected ", plain_number(wanted), " ", what, ", found ", plain_number(widths[[i]]))
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
  structure(
    list(
      row = rep(seq_along(tensor$owner), tensor$counts), column = columns, value = tensor$values,
      shape = c(length(tensor$owner), wanted)
    ),
    class = "shardr_sparse"
  )
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

# Dense records of float32 or float64 that differ in nothing but their numbers, as one matrix; NULL for others.
dense_block <- function(group, width) {
  n <- length(group$begins)
  size <- group$ends[[1L]] - group$begins[[1L]] + 1
  step <- if (n > 1L) group$begins[[2L]] - group$begins[[1L]] else 0
  if (n < 2L || any(group$ends - group$begins + 1 != size) || any(diff(group$begins) != step)) return(NULL)
  record <- group$content[group$begins[[1L]] + seq_len(size) - 1]
  layout <- tryCatch(dense_layout(record), shardr_record_fault = identity)
  if (is.null(layout) || inherits(layout, "error")) return(NULL)
  from <- group$begins[[1L]] - 8
  # the frames themselves; a range of bytes is quick to take, and quicker where it is all of them
  all <- from == 1
  held <- if (all) group$content else group$content[from:(from + n * step - 1)]
  words <- if (all) group$words else readBin(held, "integer", n * step / 4, size = 4L, endian = "little")
  length(words) <- n * step / 4
  if (!same_but_numbers(held, matrix(words, step / 4), n, size, layout)) return(NULL)
  tables <- lapply(layout, function(one) numbers_of(held, n, step, one))
  features <- which(vapply(layout, `[[`, 0, "section") == 1)
  if (length(features) && !is.null(width) && ncol(tables[[features]]) != width) {
    record_fault(1L, paste0("expected ", plain_number(width), " columns, found ", ncol(tables[[features]])))
  }
  labels <- setdiff(seq_along(layout), features)
  list(
    features = if (length(features)) tables[[features]],
    labels = named_labels(lapply(tables[labels], label_values), vapply(layout[labels], `[[`, "", "name")),
    dtype = if (length(features)) c("float32", "float64")[[layout[[features]]$size / 4]], rows = n
  )
}

# Whether frames have the bytes of the first but for their numbers: words of four bytes, bytes beside numbers.
same_but_numbers <- function(held, words, n, size, layout) {
  step <- 4 * nrow(words)
  fixed <- rep(TRUE, step)
  fixed[seq_len(step) > size + 8] <- FALSE # padding
  for (one in layout) fixed[8 + one$begin:one$end] <- FALSE
  whole <- which(colSums(matrix(fixed, 4L)) == 4L)
  for (word in whole) if (!isTRUE(all(words[word, ] == words[word, 1L]))) return(FALSE)
  for (byte in setdiff(which(fixed), rep((whole - 1) * 4, each = 4L) + 1:4)) {
    bytes <- held[byte + (seq_len(n) - 1) * step]
    if (any(bytes != bytes[[1L]])) return(FALSE)
  }
  TRUE
}

# The numbers of one tensor of all frames. Those of four bytes are read with all that stands between them.
numbers_of <- function(held, n, step, one) {
  begin <- 7 + one$begin # bytes of a frame before them
  if (one$size == 8) {
    held <- held[sequence(rep(one$count * 8, n), from = begin + 1 + (seq_len(n) - 1) * step)]
    return(matrix(readBin(held, "double", n * one$count, size = 8L, endian = "little"), ncol = one$count, byrow = TRUE))
  }
  past <- begin %% 4
  if (past > 0) held <- held[(past + 1):length(held)]
  all <- readBin(held, "double", n * step / 4, size = 4L, endian = "little")
  length(all) <- n * step / 4
  all <- matrix(all, step / 4)
  # column by column: no other way takes them out and turns them at once
  vapply(begin %/% 4 + seq_len(one$count), function(i) all[i, ], numeric(n))
}

# Where a dense record has its numbers; NULL where they are of another kind, or not in one place.
dense_layout <- function(record) {
  bytes <- as.integer(record)
  sections <- message_fields(bytes, slices(1L, 1, length(record), 2), 1:4)
  if (length(sections[[3L]]$owner) || length(sections[[4L]]$owner)) return(NULL) # texts may be the same in all records
  found <- unlist(lapply(1:2, function(section) {
    lapply(seq_along(sections[[section]]$owner), function(i) {
      tensor_layout(record, bytes, pick(sections[[section]], i), section)
    })
  }), recursive = FALSE)
  if (length(found) == 0L || any(vapply(found, is.null, NA))) return(NULL)
  names <- vapply(found, function(one) paste(one$section, one$name), "")
  plain <- vapply(found, function(one) one$section == 2 || one$name == "values", NA)
  if (all(plain) && !anyDuplicated(names)) found
}

tensor_layout <- function(record, bytes, entry, section) {
  count_of_each <- function(fields) lengths(lapply(fields, `[[`, "owner"))
  parts <- message_fields(bytes, entry, 1:2)
  if (any(count_of_each(parts) != 1L)) return(NULL)
  kinds <- message_fields(bytes, parts[[2L]], c(tensor_kinds, 9))
  kind <- which(count_of_each(kinds) > 0L)
  if (length(kind) != 1L || kind > 2L || count_of_each(kinds)[[kind]] != 1L) return(NULL)
  tensor <- message_fields(bytes, kinds[[kind]], 1:3)
  if (!identical(unname(count_of_each(tensor)), c(1L, 0L, 0L)) || tensor[[1L]]$wire != 2) return(NULL)
  values <- tensor[[1L]]
  count <- (values$end - values$begin + 1) / (4 * kind)
  if (count < 1 || count != floor(count)) return(NULL)
  list(
    section = section, name = record_names(record, parts[[1L]]), begin = values$begin, end = values$end,
    size = 4 * kind, count = count
  )
}
