"""JSON documents inside items: compact, compressed, numbers exactly as they were sent."""

import json
import zlib
from typing import Any, Final

#: An item may hold 400 KB; what stands beside the document needs the rest.
MAX_BYTES: Final = 350_000
#: As JSON; escaped as Markdown it must still fit into the 6 MB that Lambda lets out.
MAX_UNPACKED_BYTES: Final = 1_200_000


def pack(document: Any) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def fits(blob: bytes) -> bool:
    """Whether the document is small enough to be kept and to be shown."""
    if len(blob) > MAX_BYTES:
        return False
    return len(zlib.decompressobj().decompress(blob, MAX_UNPACKED_BYTES + 1)) <= MAX_UNPACKED_BYTES


def unpack(blob: bytes) -> Any:
    return json.loads(zlib.decompress(blob))
