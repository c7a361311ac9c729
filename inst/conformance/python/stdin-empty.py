"""The standard input is empty."""

import sys

assert sys.stdin.read() == ""
