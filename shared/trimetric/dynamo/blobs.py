"""JSON documents inside items: compact, compressed, numbers exactly as they were sent."""

import json
import zlib
from typing import Any, Final

#: An item may hold 400 KB; what stands beside the document needs the rest.
MAX_BYTES: Final = 350_000


def pack(document: Any) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(blob: bytes) -> Any:
    return json.loads(zlib.decompress(blob))
