"""Arguments reach the program one by one, in order and unchanged."""

import os
import sys

found = [os.fsencode(word).decode() for word in sys.argv[1:]]
words = [
    " two  words ",
    'it\'s "quoted"',
    "Zo\u00eb \u6771\u4eac",
    "$HOME",
    "*",
    "a\\nb",
    "--help",
    "-e",
    "a=b",
    "last;",
]
assert found == words, ascii(found)
