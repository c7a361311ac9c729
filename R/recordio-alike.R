# Dense records that differ in nothing but their numbers, as matrices: most files have such. Python: recordio/alike.py.
#
# All frames are read as numbers of four bytes in one go, with what stands between the numbers. Those words are compared
# as numbers, too, as no other way looks at all of them as quickly; where a word is 0 or NaN, which are equal to other
# bytes or to nothing, its bytes are compared.

# What the first frame of held is like: where numbers are in it, and the words and bytes that all others must have.
# NULL where it is not whole, or no dense record.
frame_layout <- function(held) {
  if (length(held) < 9L || !identical(held[1:4], recordio_magic)) return(NULL)
  size <- little_number(held[5:8])
  step <- 8 + (size + 3) %/% 4 * 4
  if (size < 1 || size >= 2^29 || step > length(held)) return(NULL)
  tensors <- tryCatch(dense_tensors(held[8 + seq_len(size)]), shardr_record_fault = function(fault) NULL)
  if (is.null(tensors)) return(NULL)
  frame <- held[seq_len(step)]
  fixed <- seq_len(step) <= size + 8 # padding may be anything
  for (one in tensors) fixed[8 + one$begin:one$end] <- FALSE
  words <- readBin(frame, "double", step / 4, size = 4L, endian = "little")
  whole <- colSums(matrix(fixed, 4L)) == 4L & is.finite(words) & words != 0
  bytes <- which(fixed & !rep(whole, each = 4L))
  list(step = step, tensors = tensors, words = which(whole), values = words[whole], bytes = bytes, frame = frame)
}

# The frames that held begins with and that are like the first of them, which is looked at where it is not as `layout`
# says; NULL where there is none.
alike_frames <- function(held, layout = NULL) {
  found <- if (!is.null(layout)) frames_like(held, layout)
  if (!is.null(found)) return(found)
  layout <- frame_layout(held)
  if (!is.null(layout)) frames_like(held, layout)
}

frames_like <- function(held, layout) {
  step <- layout$step
  n <- length(held) %/% step
  words <- readBin(held, "double", n * step / 4, size = 4L, endian = "little")
  dim(words) <- c(step / 4, n)
  same <- words[layout$words, , drop = FALSE] == layout$values
  if (!isTRUE(all(same))) n <- (which(is.na(same) | !same)[[1L]] - 1) %/% length(layout$words)
  for (byte in layout$bytes) {
    other <- which(held[byte + (seq_len(n) - 1) * step] != layout$frame[[byte]])
    if (length(other)) n <- other[[1L]] - 1
  }
  if (n > 0) list(held = held, words = words, count = as.integer(n), layout = layout)
}

# The rows of such frames.
alike_block <- function(alike, asked) {
  tensors <- alike$layout$tensors
  features <- which(vapply(tensors, `[[`, 0, "section") == 1)
  kind <- NULL
  if (length(features)) {
    kind <- names(tensor_kinds)[[tensors[[features]]$size / 4]]
    width <- tensors[[features]]$count
    check_dtype(list(owner = 1L, kinds = kind), asked$dtype)
    if (!is.null(asked$width) && width != asked$width) {
      record_fault(1L, width_words(asked$width, "columns", width))
    }
  } else if (!is.null(asked$width)) {
    record_fault(1L, no_values)
  }
  labels <- setdiff(seq_along(tensors), features)
  check_alike_labels(tensors[labels], asked$labels)
  tables <- alike_tables(alike)
  list(
    features = if (length(features)) tables[[features]],
    labels = named_labels(lapply(tables[labels], label_values), vapply(tensors[labels], `[[`, "", "name")),
    dtype = kind, rows = alike$count
  )
}

check_alike_labels <- function(tensors, wanted) {
  if (is.null(wanted)) return()
  names <- vapply(tensors, `[[`, "", "name")
  check_names(stats::setNames(lapply(names, function(name) 1L), names), wanted, 1L)
  for (one in tensors) {
    if (one$count != wanted[[one$name]]) {
      record_fault(1L, width_words(wanted[[one$name]], numbers_in_label(one$name), one$count))
    }
  }
}

# The numbers of each tensor. Frames are read once for all tensors that begin at as many bytes after a word.
alike_tables <- function(alike) {
  read <- list()
  lapply(alike$layout$tensors, function(one) {
    begin <- 7 + one$begin # bytes of a frame before them
    shift <- -begin %% 4
    how <- paste(shift, one$size)
    if (is.null(read[[how]])) read[[how]] <<- shifted_words(alike, shift, one$size)
    alike_numbers(read[[how]], (begin + shift) / 4, one, alike$count)
  })
}

shifted_words <- function(alike, shift, size) {
  if (shift == 0 && size == 4) return(alike$words)
  # bytes put before all others move them to where words are: c() is the quick way to do that
  held <- if (shift > 0) c(raw(shift), alike$held) else alike$held
  # numbers of eight bytes are two words each, until those have left the words between behind
  what <- if (size == 4) "double" else "integer"
  words <- readBin(held, what, length(alike$words), size = 4L, endian = "little")
  dim(words) <- dim(alike$words)
  words
}

# The numbers of one tensor of all frames, a row for each; so many words of a frame are before them.
alike_numbers <- function(words, before, one, count) {
  rows <- before + seq_len(one$count * one$size / 4)
  frames <- seq_len(count)
  words <- if (length(frames) == ncol(words)) words[rows, , drop = FALSE] else words[rows, frames, drop = FALSE]
  if (one$size == 8) {
    words <- readBin(writeBin(as.vector(words), raw()), "double", length(words) / 2, size = 8L)
    dim(words) <- c(one$count, length(frames))
  }
  t(words)
}

# Where a dense record has its numbers; NULL where they are of another kind, or not in one place.
dense_tensors <- function(record) {
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
