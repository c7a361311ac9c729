# Installs R packages at the versions of r-packages.txt, and R itself where there is none: sh install-r.sh data.table cli
# ALSO holds other packages of the system, to come with them.
# Debian's packages of them come built, so no compiler is needed. Where the base image brings an R of its own
# (rocker/r-ver), R installs the same packages from the repository that image is set up for, which pins them.
set -eu
pins=/usr/share/shardr/r-packages.txt
export DEBIAN_FRONTEND=noninteractive

pinned() {
  awk -v name="$1" '$1 == name { print "r-cran-" tolower(name) "=" $2 "*"; known = 1 } END { exit !known }' "$pins" ||
    { echo "the R package $1 is not in r-packages.txt" >&2; return 1; }
}

packages=${ALSO:-}
if [ -x /usr/local/bin/R ]; then
  Rscript -e 'wanted <- commandArgs(TRUE); install.packages(wanted)' \
    -e 'stopifnot(wanted %in% rownames(installed.packages()))' "$@"
else
  packages="$packages r-base-core libopenblas0-pthread tzdata ca-certificates"
  for name in "$@"; do
    packages="$packages $(pinned "$name")"
  done
fi
[ -n "$packages" ] || exit 0

apt-get update
# shellcheck disable=SC2086 # a list of words
apt-get install --yes --no-install-recommends $packages
# lists, caches and logs: nothing that runs needs them
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /tmp/*
