"""An empty argument is an argument, too."""

import sys

assert sys.argv[1:] == ["", "between", ""], sys.argv
