# What the dbscan image starts: `train` or `serve`. It is process 1, which R cannot be: R ignores SIGTERM there.
programs=$(dirname "$0")

train() {
  Rscript "$programs/dbscan.R" &
  trap 'kill -TERM "$!"' TERM INT
  wait "$!"
  status=$?
  [ "$status" -le 128 ] || wait "$!" # the first wait ended with the signal, not with R
  exit "$status"
}

# R loads the model, forks a worker for each core and writes nginx.conf when all of them listen. What ends first ends all.
serve() {
  run=$(mktemp -d)
  Rscript "$programs/plumber.R" "$run" "$(nproc)" &
  workers=$!
  trap 'stop' TERM INT
  until [ -e "$run/nginx.conf" ]; do
    kill -0 "$workers" 2>/dev/null || exit 1
    sleep 0.05
  done
  nginx -e stderr -c "$run/nginx.conf" &
  front=$!
  wait -n
  echo "a part of the server has ended" >&2
  exit 1
}

# Answers under way are finished, for most of a second; with process 1 go all others.
stop() {
  [ -z "$front" ] || timeout 0.7 bash -c 'kill -QUIT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.02; done' - "$front"
  exit 0
}

case "$1" in
  train) train ;;
  serve) serve ;;
  *)
    echo "expected train or serve, found \"$1\"" >&2
    exit 2
    ;;
esac
