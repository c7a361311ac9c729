"""An entrypoint without arguments runs with none; the image's own ENTRYPOINT and CMD are ignored."""

import sys

assert sys.argv[1:] == [], sys.argv
