library(testthat)
library(shardr)

test_check("shardr")
