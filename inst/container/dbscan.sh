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

case "$1" in
  train) train ;;
  serve) exec bash "$programs/serve.sh" "$programs/dbscan-predict.R" ;;
  *)
    echo "expected train or serve, found \"$1\"" >&2
    exit 2
    ;;
esac
