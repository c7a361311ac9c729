# Installs shardr's R half from its sources, and writes down which versions of R and its packages the image holds.
set -eu
# byte-compiled, as jobs start more often than images are built; the rest of what R does here would only take time
R CMD INSTALL --no-docs --no-help --no-html --no-test-load --no-staged-install --library="$R_LIBS" "$1"
rm -rf "$1"
Rscript --no-init-file -e '
  found <- installed.packages(priority = NA_character_)
  found <- found[!duplicated(rownames(found)), "Version"]
  versions <- list(R = as.character(getRversion()), packages = as.list(found[order(names(found), method = "radix")]))
  jsonlite::write_json(versions, "/usr/share/shardr/versions.json", auto_unbox = TRUE)
'
