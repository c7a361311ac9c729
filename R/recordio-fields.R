# The fields of many protobuf messages at a time. Python: recordio/fields.py, which says how it goes.
#
# Slices are a list of owner, begin, end and wire: places in a vector of bytes, ascending by owner.

slices <- function(owner = integer(), begin = numeric(), end = numeric(), wire = integer()) {
  list(owner = owner, begin = begin, end = end, wire = wire)
}

pick <- function(slices, which) lapply(slices, `[`, which)

# The last of each owner, which is the one that counts where a field may be there once.
last_of_each <- function(slices) {
  n <- length(slices$owner)
  if (n < 2L) slices else pick(slices, c(slices$owner[-1L] != slices$owner[-n], TRUE))
}

# The whole number at each place, and the place behind it.
varint_at <- function(bytes, at, end, owner) {
  if (any(at > end)) record_fault(owner[[which(at > end)[[1L]]]])
  byte <- bytes[at]
  at <- at + 1
  open <- which(byte > 127L)
  if (length(open) == 0L) return(list(value = byte, at = at))
  value <- as.numeric(byte %% 128L)
  for (power in 128^(1:9)) {
    if (any(at[open] > end[open])) record_fault(owner[[open[at[open] > end[open]][[1L]]]])
    byte <- bytes[at[open]]
    at[open] <- at[open] + 1
    value[open] <- value[open] + byte %% 128L * power
    open <- open[byte > 127L]
    if (length(open) == 0L) return(list(value = value, at = at))
  }
  record_fault(owner[[open[[1L]]]])
}

# Where messages have the wanted fields, without tag and length; others are skipped.
message_fields <- function(bytes, messages, wanted) {
  found <- replicate(length(wanted), list(), simplify = FALSE)
  going <- messages$begin <= messages$end
  owner <- messages$owner[going]
  at <- messages$begin[going]
  end <- messages$end[going]
  while (length(owner)) {
    tag <- varint_at(bytes, at, end, owner)
    wire <- tag$value %% 8
    number <- tag$value %/% 8
    begin <- tag$at
    size <- c(0, 8, 0, NA, NA, 4, NA, NA)[wire + 1]
    counted <- which(wire %in% c(0, 2))
    if (length(counted)) {
      read <- varint_at(bytes, begin[counted], end[counted], owner[counted])
      in_bytes <- wire[counted] == 2
      size[counted] <- ifelse(in_bytes, read$value, read$at - begin[counted])
      begin[counted] <- ifelse(in_bytes, read$at, begin[counted])
    }
    stop <- begin + size - 1
    wrong <- is.na(stop) | stop > end | number == 0
    if (any(wrong)) record_fault(owner[[which(wrong)[[1L]]]])
    for (i in seq_along(wanted)) {
      has <- number == wanted[[i]]
      if (any(has)) {
        found[[i]][[length(found[[i]]) + 1L]] <- slices(owner[has], begin[has], stop[has], wire[has])
      }
    }
    going <- stop < end
    owner <- owner[going]
    at <- stop[going] + 1
    end <- end[going]
  }
  lapply(found, function(parts) {
    if (length(parts) == 0L) return(slices())
    if (length(parts) == 1L) return(parts[[1L]])
    joined <- lapply(names(parts[[1L]]), function(name) unlist(lapply(parts, `[[`, name)))
    pick(stats::setNames(joined, names(parts[[1L]])), order(joined[[1L]], method = "radix"))
  })
}

# The bytes that slices hold one after the other.
gathered <- function(bytes, slices) bytes[sequence(slices$end - slices$begin + 1, from = slices$begin)]

# Packed or single whole numbers of slices, and how many each owner has. With `signed`, the low 32 bits as int32.
gathered_varints <- function(bytes, slices, owners, signed = FALSE) {
  sizes <- slices$end - slices$begin + 1
  held <- gathered(bytes, slices)
  stops <- cumsum(sizes)
  cut <- which(sizes > 0 & held[pmax(stops, 1)] > 127L)
  if (length(cut)) record_fault(slices$owner[[cut[[1L]]]])
  ends <- which(held < 128L)
  lengths <- diff(c(0L, ends))
  counts <- diff(c(0L, findInterval(stops, ends)))
  long <- which(lengths > 10L)
  if (length(long)) record_fault(slices$owner[[findInterval(long[[1L]] - 1L, cumsum(counts)) + 1L]])
  value <- numeric(length(ends))
  begins <- ends - lengths + 1L
  for (byte in seq_len(min(max(0L, lengths), if (signed) 5L else 10L)) - 1L) {
    has <- which(lengths > byte)
    value[has] <- value[has] + held[begins[has] + byte] %% 128L * 128^byte
  }
  if (signed) {
    value <- value %% 2^32
    value <- value - 2^32 * (value >= 2^31)
  }
  list(values = value, counts = per_owner(counts, slices, owners))
}

# Numbers of 4 or 8 bytes with a point.
gathered_floats <- function(content, slices, owners, size) {
  sizes <- slices$end - slices$begin + 1
  if (any(sizes %% size != 0)) record_fault(slices$owner[[which(sizes %% size != 0)[[1L]]]])
  values <- readBin(gathered(content, slices), "double", sum(sizes) / size, size = size, endian = "little")
  list(values = values, counts = per_owner(sizes / size, slices, owners))
}

per_owner <- function(counts, slices, owners) {
  if (identical(slices$owner, owners)) return(counts)
  found <- numeric(length(owners))
  sums <- rowsum(counts, slices$owner)
  found[match(as.integer(rownames(sums)), owners)] <- sums
  found
}
