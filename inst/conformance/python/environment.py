"""The Environment of the request reaches the program, value by value as it is."""

import os

words = {
    "SPACES": " a  b ",
    "UNICODE": "Zo\u00eb \u6771\u4eac",
    "LINES": "one\ntwo",
    "QUOTES": 'it\'s "so" \\n $HOME',
    "EQUALS": "a=b=c",
    "EMPTY": "",
}
found = {name: os.environb[name.encode()].decode() for name in words}
assert found == words, ascii(found)
