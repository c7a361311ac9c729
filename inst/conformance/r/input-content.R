# An object of an input is a file below its LocalPath, byte for byte the same.
file <- "/opt/ml/processing/input/in/a.csv"
found <- readBin(file, "raw", file.size(file))
stopifnot(identical(found, charToRaw("id,name\r\n1,Zo\u00eb\n2,\t")))
