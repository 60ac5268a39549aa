"""Say so, and fail, where Python is too old; runs on any Python 3, so it uses nothing new."""

import sys

WANTED = (3, 11)

if __name__ == "__main__" and sys.version_info < WANTED:
    sys.exit(
        "Python %d.%d or newer is needed, this is %d.%d; name one with PYTHON=python3.11"  # noqa: UP031
        % (WANTED + sys.version_info[:2])
    )
