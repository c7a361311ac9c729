# Whole groups of rows for each instance. Python: shard_groups() in runtime/shares.py.

#' Which rows belong to this instance when no group may be divided
#'
#' Deals the groups of rows among the instances, for inputs that every instance has whole (`FullyReplicated`). The
#' groups are sorted bytewise by their text, and group `i`, counted from 0, goes to the instance of rank `i` modulo the
#' number of instances; rows without a group (`NA`) are the last group. Who gets which group depends on which groups
#' there are, not on their rows or the order.
#'
#' @param key The group of each row: text, numbers, logicals, a factor or dates. A number's text is the shortest that
#'   reads back as the same number.
#' @returns A logical vector as long as `key`: `x[shard_groups(x$customer), ]` are the rows of this instance.
#' @seealso [shard_rows()] to divide rows one by one.
#' @export
#' @examplesIf file.exists("/opt/ml/config/resourceconfig.json")
#' cars <- mtcars[shard_groups(mtcars$cyl), ]
shard_groups <- function(key) {
  here <- shard()
  if (is.factor(key)) key <- as.character(key)
  plain <- is.atomic(key) && !is.null(key) && !inherits(key, "POSIXt")
  if (!plain || !(is.character(key) || is.numeric(key) || is.logical(key) || inherits(key, "Date"))) {
    container_abort(
      c(
        "{.arg key} must be text, numbers, logicals, a factor or dates, not {.obj_type_friendly {key}}.",
        "i" = "Make text of it: {.code format(key)}."
      ),
      "data", environment()
    )
  }
  key <- if (is.object(key)) as.character(key) else as.vector(key)
  key[is.na(key)] <- NA # NaN, too
  groups <- unique(key)
  mine <- groups[order_bytes(group_text(groups))]
  mine <- mine[(seq_along(mine) - 1L) %% here$size == here$rank]
  key %in% mine
}

group_text <- function(groups) {
  if (is.character(groups)) return(enc2utf8(groups))
  missing <- is.na(groups)
  text <- if (is.logical(groups)) tolower(groups) else vapply(groups, metric_number, "")
  replace(text, missing, NA)
}
