# Serves a model: serve.sh [CODE]. It is process 1 of a container, which R cannot be: R ignores SIGTERM there.
# serving.R loads the model, forks the workers and writes nginx.conf when all of them listen; nginx stands before them.
programs=$(dirname "$0")
PATH=$PATH:/usr/sbin:/usr/local/sbin
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT

# What runs and waits is answered first, within the 30 seconds that the service gives; then R tells what it has done.
stop() {
  trap '' TERM INT
  if [ -z "$front" ]; then
    kill "$workers" # nothing was asked yet
  else
    while kill -QUIT "$front" 2>/dev/null; do sleep 0.05; done # one that is just starting does not hear it
    kill -INT "$workers"
  fi
  wait "$workers"
  exit 0
}

command -v nginx >/dev/null || {
  echo "serving needs nginx, which is not installed: apt-get install nginx-light" >&2
  exit 1
}
trap 'stop' TERM INT
Rscript "$programs/serving.R" "$run" "$@" &
workers=$!
until [ -e "$run/nginx.conf" ]; do
  kill -0 "$workers" 2>/dev/null || exit 1
  sleep 0.05
done
nginx -e stderr -c "$run/nginx.conf" &
front=$!
wait -n
echo "a part of the server has ended" >&2
kill "$front" "$workers" 2>/dev/null
exit 1
