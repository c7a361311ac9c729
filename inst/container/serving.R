# Started by serve.sh: Rscript serving.R FOLDER [CODE]
given <- commandArgs(TRUE)
shardr:::serve_workers(given[[1L]], if (length(given) > 1L) given[[2L]])
