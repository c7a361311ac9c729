# Predictions as the text of an answer: a line or an element for each row. Python: runtime/serving/answers.py.

# The content type to answer in: what is accepted, else the form of the request.
answer_type <- function(accept, content_type) {
  asked <- media_type(strsplit(accept, ",", fixed = TRUE)[[1L]])
  if (length(asked) == 0L || any(asked %in% c("", "*/*"))) {
    default <- Sys.getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT")
    if (nzchar(default)) return(default)
    sent <- forms[media_type(content_type)]
    return(if (is.na(sent)) form_types[["json"]] else form_types[[sent]])
  }
  known <- forms[asked]
  if (all(is.na(known))) refuse(406L, accept, " is not answered: accept ", paste(form_types, collapse = ", "))
  form_types[[known[!is.na(known)][[1L]]]]
}

answer_rows <- function(prediction) {
  if (is.data.frame(prediction)) nrow(prediction) else NROW(prediction)
}

answer_text <- function(prediction, type) {
  prediction <- plain_prediction(prediction)
  switch(forms[[media_type(type)]],
    csv = lines_text(csv_lines(prediction)),
    json = json_object("predictions", json_array(json_each(prediction))),
    jsonlines = lines_text(json_each(prediction))
  )
}

lines_text <- function(lines) paste0(lines, "\n", collapse = "", recycle0 = TRUE)

# A data frame, a matrix without names, a vector or a list.
plain_prediction <- function(x) {
  if (is.matrix(x) && !is.null(colnames(x))) x <- as.data.frame(x, optional = TRUE)
  if (is.data.frame(x)) {
    odd <- vapply(x, is.object, NA)
    x[odd] <- lapply(x[odd], as.character)
    return(x)
  }
  if (is.factor(x)) x <- as.character(x)
  if (!is.matrix(x)) x <- unname(if (is.object(x) && is.atomic(x)) as.vector(unclass(x)) else drop(x))
  x
}

csv_lines <- function(x) {
  if (is.list(x) && !is.data.frame(x)) {
    return(vapply(x, function(row) paste(answer_cell(unlist(row)), collapse = ","), ""))
  }
  columns <- if (is.data.frame(x)) unclass(x) else if (is.matrix(x)) asplit(x, 2L) else list(x)
  do.call(paste, c(lapply(unname(columns), answer_cell), sep = ","))
}

# What is no finite number is missing, as in JSON, which has none.
answer_cell <- function(values) csv_cell(if (is.double(values)) replace(values, is.infinite(values), NA) else values)

csv_cell <- function(values) {
  text <- if (is.double(values) && !is.object(values)) exact_numbers(values) else as.character(values)
  ifelse(is.na(values), "", if (is.character(values)) csv_quoted(text) else text)
}

csv_quoted <- function(text) {
  needs <- grepl("[\",\r\n]", text)
  text[needs] <- paste0("\"", gsub("\"", "\"\"", text[needs], fixed = TRUE), "\"")
  text
}
