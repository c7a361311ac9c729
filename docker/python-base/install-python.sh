# Installs Python packages at the versions of python-packages.txt, and Python itself: sh install-python.sh numpy scipy
# They come as wheels, so no compiler is needed: Debian's own scipy would bring one, and 390 MB with it.
set -eu
pins=/usr/share/shardr/python-packages.txt
export DEBIAN_FRONTEND=noninteractive

if ! command -v pip3 > /dev/null; then
  apt-get update
  apt-get install --yes --no-install-recommends python3 python3-pip tzdata ca-certificates
  # lists, caches and logs: nothing that runs needs them
  apt-get clean
  rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /tmp/*
fi

sed 's/ /==/' "$pins" > /tmp/pins
pip3 install --break-system-packages --no-cache-dir --only-binary :all: --disable-pip-version-check \
  --root-user-action ignore --constraint /tmp/pins "$@"
rm /tmp/pins
# the packages' own tests are an eighth of what they take
find /usr/local/lib/python3*/dist-packages -depth -type d -name tests -exec rm -rf {} +
