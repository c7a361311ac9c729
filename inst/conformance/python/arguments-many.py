"""A hundred arguments reach the program in order."""

import sys

assert sys.argv[1:] == [str(i) for i in range(1, 101)], sys.argv
