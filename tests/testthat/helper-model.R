# A model of the built-in XGBoost that says about 1 to everything, made by the Python half.
local_model <- function(env = parent.frame()) {
  folder <- local_job_folder(env)
  found <- reticulate::py_module_available("xgboost")
  if (!found) skip("the Python half has no xgboost")
  reticulate::py_run_string(paste(
    "import io, tarfile, numpy, xgboost",
    "def shardr_test_model(path):",
    "    data = xgboost.DMatrix(numpy.arange(40.0).reshape(20, 2), label=numpy.ones(20))",
    "    raw = bytes(xgboost.train({'base_score': 1.0}, data, 1).save_raw('json'))",
    "    about = tarfile.TarInfo('xgboost-model'); about.size = len(raw)",
    "    with tarfile.open(path, 'w:gz') as tar: tar.addfile(about, io.BytesIO(raw))",
    sep = "\n"
  ))
  reticulate::py$shardr_test_model(file.path(folder, "model.tar.gz"))
  "model.tar.gz"
}
