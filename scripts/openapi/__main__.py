"""Writes the OpenAPI document anew: `python -m scripts.openapi`."""

import sys

from scripts.openapi.document import TARGET, text


def main() -> None:
    TARGET.write_text(text(), encoding="utf-8")
    sys.stderr.write(f"{TARGET}\n")


if __name__ == "__main__":
    main()
