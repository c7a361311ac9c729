# Both halves write the same canonical JSON: each case of tests/contract/specs, built here with the verbs of R.
# The Python half builds the same specs in tests/python/spec/test_contract_specs.py.

one <- function(...) pipeline("one", processing_step("a", ...))
asks <- function(...) pipeline("one", transform_step(name = "a", ...))

trains <- function(...) pipeline("one", training_step("a", ...))

built <- function() {
  list(
    "smallest" = one(code = "a.R"),
    "bank-marketing" = pipeline("bank-marketing") |>
      processing_step(
        "filter",
        code = "filter.R", inputs = job_input("raw", "dataset/", distribution = "ShardedByS3Key"),
        outputs = "filtered", instance_count = 2, expect = rows_preserved()
      ) |>
      processing_step(
        "split",
        code = "process.R", inputs = job_input("filtered", step_output("filter", "filtered")),
        outputs = c("train", "validation", "test"), expect = rows_partitioned()
      ),
    "utf-8-in-paths" = one(
      code = "Gr\u00f6\u00dfe/\u6a21\u578b 1.R", inputs = c(raw = "donn\u00e9es d'\u00e9t\u00e9/"),
      environment = c(TITLE = "na\u00efve \U1F600")
    ),
    "references-in-text" = pipeline(
      "one",
      processing_step("a", code = "a.R", inputs = job_input("raw", "${data}"), arguments = c("--top=${top}", "$5 {x}")),
      parameters = list(
        data = parameter("path", "dataset/"), top = parameter(default = "5", description = "How many.")
      )
    ),
    "references-in-numbers" = pipeline(
      "one",
      processing_step("a", code = "a.R", instance_count = "${instances}", network_isolation = "${isolated}"),
      permute = "${seed}",
      parameters = list(
        instances = parameter("integer", 4), isolated = parameter("boolean", TRUE), seed = parameter("integer")
      )
    ),
    "lists-of-one" = pipeline("one", processing_step("b", code = "b.R")) |>
      processing_step("a", code = "a.R", command = "Rscript", arguments = "x", outputs = "o", depends_on = "b"),
    "empty-lists-and-maps" = pipeline(
      "one",
      processing_step(
        "a",
        code = "a.R", arguments = character(), environment = character(), inputs = list(), outputs = character(),
        depends_on = NULL
      ),
      parameters = list()
    ),
    "defaults-given" = pipeline(
      "one",
      processing_step(
        "a",
        code = "a.R", image = "processing", instance_count = 1, instance_type = "ml.m5.large", volume_size_gb = 30,
        max_runtime_seconds = 86400, max_attempts = 1L, network_isolation = FALSE,
        inputs = job_input("raw", "d/", "FullyReplicated"), outputs = job_output("o", on_collision = "error")
      ),
      runner = "auto"
    ),
    "all-fields" = pipeline(
      "one",
      processing_step("b", code = "b.py"), processing_step("c", code = "c.sh"),
      processing_step(
        "a",
        image = "012345678901.dkr.ecr.eu-west-1.amazonaws.com/r:4.2", command = c("Rscript", "--vanilla"), code = "a.R",
        arguments = list("--x", 1), environment = list(A = "b"), instance_count = 100, instance_type = "ml.m5.xlarge",
        volume_size_gb = 16384, max_runtime_seconds = 777600, max_attempts = 3, network_isolation = TRUE,
        depends_on = factor(c("b", "c"))
      ),
      description = "All there is.", runner = "process", permute = 0
    ),
    "fields-of-aws" = pipeline(
      "one",
      role = "arn:aws:iam::123456789012:role/service-role/shardr", tags = list(project = "bank", "cost centre" = 42)
    ) |>
      processing_step("b", code = "b.R", subnets = "subnet-1", security_group_ids = "sg-1", cache = "PT12H") |>
      processing_step(
        "a",
        code = "a.R", encrypt_traffic = TRUE, subnets = c("subnet-1", "subnet-2"),
        security_group_ids = list("sg-1", "sg-2"), volume_kms_key = "alias/disks",
        output_kms_key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd", cache = "P30D", outputs = "o"
      ),
    "numbers-as-text" = one(code = "a.R", arguments = c(2, 0.1, 1e5, -3), environment = c(N = 7L)),
    "keys-in-code-point-order" = one(
      code = "a.R",
      environment = stats::setNames(1:8, c("a_2", "a10", "\u00e9", "B1", "a1", "\U1F600", "\ufb01", "_"))
    ),
    "escapes" = one(
      code = "a.R",
      arguments = c("\"", "\\", "/", "\n\t\r\b\f", "\x01\x0b\x1f", "\x7f", "<&>", "\u2028")
    ),
    "outputs-in-full" = one(
      code = "a.R",
      outputs = list(
        job_output("o", path = "/opt/ml/processing/o", destination = "out/", on_collision = "last_wins"),
        job_output("p", on_collision = "prefix_host")
      )
    ),
    "kinds-of-source" = pipeline("one", processing_step("b", code = "b.R", outputs = "o")) |>
      processing_step(
        "a",
        code = "a.R",
        inputs = list(
          a = "data/*.csv", job_input("b", "s3://bucket/prefix/", path = "/opt/ml/processing/b"),
          c = manifest("list.json"), job_input("d", step_output("b", "o"), distribution = "ShardedByS3Key")
        )
      ),
    "balanced" = one(code = "a.py", instance_count = 3, inputs = job_input("raw", "d/", "balanced")),
    "claims" = one(
      code = "a.R", inputs = c(raw = "d/", more = "e/"), outputs = c("o", "p"),
      expect = rows_fewer(inputs = "raw", outputs = c("o", "p"))
    ),
    "parameters" = pipeline(
      "one", processing_step("a", code = "a.R"),
      parameters = list(
        whole = parameter("integer", 0), none = parameter("integer"), large = parameter("integer", 2^40),
        sum = parameter("number", 0.1 + 0.2), small = parameter("number", 1e-7), huge = parameter("number", 1e20),
        three = parameter("number", 3), flag = parameter("boolean", FALSE), text = parameter("string", "")
      )
    ),
    "steps-by-a-parameter" = pipeline(
      "one",
      processing_step("a", code = "a.R", when = "${mode} == a"),
      processing_step("b", code = "b.R", when = "${mode} != a"),
      processing_step("c", code = "c.R", when = FALSE),
      parameters = list(mode = parameter(default = "b"))
    ),
    "training-smallest" = trains(code = "train.R"),
    "training-all-fields" = trains(
      image = "python", command = c("python3", "-u"), code = "train.py", source_dir = "src/", arguments = "--verbose",
      hyperparameters = list(top_k = 10, center = TRUE), environment = c(LEVEL = "debug"), instance_count = 2,
      instance_type = "ml.m5.xlarge", volume_size_gb = 50, max_runtime_seconds = 3600, max_attempts = 2,
      network_isolation = TRUE, encrypt_traffic = TRUE, subnets = "subnet-1", security_group_ids = "sg-1",
      volume_kms_key = "alias/disks", output_kms_key = "alias/models", cache = "P30D",
      inputs = list(
        job_input("train", "data/", distribution = "ShardedByS3Key", content_type = "text/csv"),
        job_input("all", "s3://bucket/all/", input_mode = "FastFile")
      ),
      metrics = c("validation:rmse", "train:rmse"), destination = "s3://bucket/models/", on_collision = "prefix_host",
      retry_attempts = 3, keep_alive_seconds = 600
    ),
    "training-of-an-image" = trains(
      image = "xgboost", hyperparameters = list(objective = "reg:squarederror", num_round = 50, eta = 0.1),
      inputs = job_input("train", "data/", content_type = "text/csv")
    ),
    "training-on-spot-instances" = trains(
      code = "train.R", source_dir = "src",
      metrics = c("validation:rmse" = "rmse=([0-9.]+)", loss = "loss: (\\S+)"), spot = TRUE,
      max_wait_seconds = 2 * 86400, checkpoints = "s3://bucket/checkpoints/", interruptions = c(2, 0.5)
    ),
    "inputs-that-are-streamed" = one(
      code = "a.R", instance_count = 2,
      inputs = list(
        job_input("raw", "data/", "balanced", input_mode = "Pipe"),
        job_input(
          "packed", manifest("list.json"),
          path = "/opt/ml/processing/packed", input_mode = "Pipe", compression_type = "Gzip"
        ),
        job_input("plain", "more/", input_mode = "File", compression_type = "None")
      )
    ),
    "channels-that-are-streamed" = trains(
      code = "train.R",
      inputs = list(
        job_input(
          "pictures", "s3://bucket/lines.jsonl", input_mode = "Pipe", record_wrapper_type = "RecordIO",
          shuffle_seed = 7, attribute_names = c("source-ref", "label")
        ),
        job_input("train", "data/", "ShardedByS3Key", input_mode = "Pipe", compression_type = "Gzip")
      )
    ),
    "training-defaults-given" = trains(
      code = "train.R", hyperparameters = list(), metrics = character(), interruptions = numeric(),
      checkpoints = FALSE, spot = FALSE, on_collision = "error", max_runtime_seconds = 86400,
      inputs = job_input("train", "data/", "FullyReplicated", input_mode = "File")
    ),
    "training-hyperparameters" = trains(
      code = "train.R", checkpoints = TRUE,
      hyperparameters = list(
        text = factor("a b"), whole = 3L, part = 0.1, small = 1e-7, large = 1e20, yes = TRUE, no = FALSE,
        kinds = c("a", "\u00e9"), layers = c(64, 32), mixed = list(b = c(1, 0.5), a = TRUE), one = list("x"),
        dotted.name = 1
      )
    ),
    "training-between-processing" = pipeline("bank") |>
      processing_step("split", code = "split.R", outputs = c("train", "test")) |>
      training_step("train", code = "train.R", inputs = list(train = step_output("split", "train"))) |>
      processing_step(
        "score",
        code = "score.R", inputs = list(model = step_output("train", "model"), test = step_output("split", "test")),
        outputs = "scores"
      ),
    "transform-smallest" = asks(model = "model.tar.gz", image = "xgboost", input = "data/"),
    "transform-all-fields" = asks(
      model = "s3://bucket/model.tar.gz", image = "pca", input = manifest("list.json"), content_type = "text/csv",
      split_type = "Line", compression = "Gzip", csv_lines = TRUE, strategy = "SingleRecord", max_payload_mb = 10,
      max_concurrent_transforms = 4, invocations_timeout_seconds = 60, invocations_max_retries = 0,
      accept = "text/csv", assemble_with = "Line", input_filter = "$[1:]", join_source = "Input",
      output_filter = "$[0,-1]", environment = c(LEVEL = "debug", TOP = 10), destination = "s3://bucket/answers/",
      instance_count = 2, instance_type = "ml.m5.xlarge", max_attempts = 2, network_isolation = TRUE,
      subnets = "subnet-1", security_group_ids = "sg-1", volume_kms_key = "alias/disks",
      output_kms_key = "alias/answers", cache = "P30D"
    ),
    "transform-after-training" = pipeline("movies") |>
      processing_step("prepare", code = "prepare.R", outputs = c("train", "test")) |>
      training_step("train", code = "train.R", inputs = list(train = step_output("prepare", "train"))) |>
      transform_step(
        "ask",
        model = step_output("train", "model"), input = step_output("prepare", "test"), split_type = "Line",
        compression = "None", assemble_with = "Line"
      ) |>
      transform_step("again", model = known_model("known"), input = step_output("ask", "transformed"))
  )
}

case_text <- function(name) {
  file <- test_path("..", "contract", "specs", paste0(name, ".json"))
  jsonlite::fromJSON(file, simplifyVector = FALSE)$canonical
}

test_that("the verbs of R give the text of each case, byte for byte", {
  pipelines <- built()
  for (name in names(pipelines)) {
    expect_identical(charToRaw(spec_json(pipelines[[!!name]])), charToRaw(enc2utf8(case_text(!!name))))
  }
})

test_that("each case is built here", {
  files <- list.files(test_path("..", "contract", "specs"), "[.]json$")
  expect_gt(length(files), 12)
  expect_setequal(names(built()), sub("[.]json$", "", files))
})

test_that("the text does not depend on the locale", {
  names <- c("a_2", "a10", "B1", "a1", "_")
  step <- one(code = "a.R", environment = stats::setNames(names, names))
  there <- suppressWarnings(withr::with_collate("en_US.UTF-8", spec_json(step)))
  expect_identical(there, withr::with_collate("C", spec_json(step)))
})

test_that("what was written to a JSON file is read as the same spec", {
  for (pipeline in built()) {
    file <- withr::local_tempfile(fileext = ".json")
    spec_write(pipeline, file)
    expect_identical(spec_json(spec_read(file)), spec_json(pipeline))
  }
})
