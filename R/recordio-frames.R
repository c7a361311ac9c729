# Where records of recordIO are in bytes. Python: recordio/frames.py; both: tests/contract/recordio.json.

recordio_magic <- as.raw(c(0x0a, 0x23, 0xd7, 0xce))
magic_word <- -824761590L # the same four bytes as R reads them: a number with a sign

# Stops for a record, counted from 1 among those looked at; who knows where they are says which it is.
record_fault <- function(record, message = "is no record of SageMaker's protobuf schema") {
  stop(structure(
    class = c("shardr_record_fault", "error", "condition"), list(message = message, call = NULL, record = record)
  ))
}

# The records in held, which begins with a frame: groups that share their bytes, `done`, the bytes they take, and what
# is wrong with the next one, if anything is. Positions are R's, from 1; ends belong to their records. `layout` is what
# the records before were like; the first group has that of its own, where all of its records are alike.
recordio_scan <- function(held, whole, layout = NULL) {
  alike <- alike_frames(held, layout)
  if (is.null(alike)) return(scan_any(held, whole))
  done <- alike$count * alike$layout$step
  rest <- scan_any(held[seq_len(length(held) - done) + done], whole)
  behind <- lapply(rest$groups, function(group) {
    group$offsets <- group$offsets + done
    group
  })
  if (!is.null(rest$fault)) rest$fault$offset <- rest$fault$offset + done
  list(groups = c(list(list(alike = alike, offsets = 0)), behind), done = done + rest$done, fault = rest$fault)
}

scan_any <- function(held, whole) {
  words <- readBin(held, "integer", length(held) %/% 4L, size = 4L, endian = "little")
  magics <- which(words == magic_word)
  groups <- list()
  at <- 0
  fault <- NULL
  while (at < length(held)) {
    chain <- record_chain(words, magics[magics > at / 4], at / 4 + 1, length(held))
    if (length(chain)) {
      lengths <- words[chain + 1L]
      begins <- chain * 4 + 5
      groups[[length(groups) + 1L]] <- list(
        content = held, begins = begins, ends = begins + lengths - 1, offsets = (chain - 1) * 4
      )
      at <- begins[[length(begins)]] - 1 + (lengths[[length(lengths)]] + 3) %/% 4 * 4
    } else {
      one <- record_parts(held, at, whole)
      if (!is.null(one$fault)) fault <- list(message = one$fault, offset = at)
      if (is.null(one$end)) break
      groups[[length(groups) + 1L]] <- list(
        content = one$content, begins = 1, ends = length(one$content), offsets = at
      )
      at <- one$end
    }
  }
  list(groups = groups, done = at, fault = fault)
}

# The places, in words, of the records that are whole, in one frame, and follow each other.
record_chain <- function(words, magics, at, size) {
  if (length(magics) == 0L || magics[[1L]] != at) return(integer())
  if (magics[[length(magics)]] == length(words)) magics <- magics[-length(magics)]
  lengths <- words[magics + 1L]
  one <- !is.na(lengths) & lengths >= 0L & lengths < 2^29
  lengths[!one] <- 0L
  behind <- magics + 2 + (lengths + 3) %/% 4
  whole <- one & (behind - 1) * 4 <= size
  broken <- which(!(c(behind[-length(behind)] == magics[-1L], TRUE) & whole))
  if (length(broken) == 0L) return(magics)
  # the one that the next does not follow is itself good where its end is: what looks like the next is inside of it
  magics[seq_len(broken[[1L]] - 1L + whole[[broken[[1L]]]])]
}

# A record in several frames put together, with its end; nothing where more bytes must come to tell.
record_parts <- function(held, at, whole) {
  parts <- list()
  repeat {
    head <- held[at + seq_len(min(8, length(held) - at))]
    if (length(head) < 8L) return(if (whole) list(fault = "the file ends within the frame"))
    if (!identical(head[1:4], recordio_magic)) {
      found <- paste(format(head[1:4]), collapse = " ")
      return(list(fault = paste0("no recordIO: a frame must begin with 0a 23 d7 ce, found ", found)))
    }
    word <- little_number(head[5:8])
    part <- word %/% 2^29
    size <- word %% 2^29
    if (part > 3 || (part < 2) != (length(parts) == 0L)) {
      return(list(fault = "the parts of a record do not follow each other"))
    }
    end <- at + 8 + (size + 3) %/% 4 * 4
    if (end > length(held)) {
      return(if (whole) {
        list(fault = paste0("the file ends within the record, which should have ", plain_number(size), " bytes"))
      })
    }
    if (length(parts)) parts[[length(parts) + 1L]] <- recordio_magic
    parts[[length(parts) + 1L]] <- held[at + 8 + seq_len(size)]
    at <- end
    if (part %in% c(0, 3)) return(list(content = do.call(c, parts), end = at))
  }
}

little_number <- function(bytes) sum(as.integer(bytes) * 256^(0:3))

plain_number <- function(x) format(x, scientific = FALSE, trim = TRUE, digits = 17L)
