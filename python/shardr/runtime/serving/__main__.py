"""``python -m shardr.runtime.serving [CODE]``: the program ``serve`` of an image."""

import sys

from shardr.errors import ShardrError
from shardr.runtime.serving import serve_model

if __name__ == "__main__":
    try:
        sys.exit(serve_model(*sys.argv[1:2]))
    except ShardrError as error:
        sys.exit(str(error))
