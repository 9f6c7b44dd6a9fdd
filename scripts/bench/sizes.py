"""How large the artefact is."""

from typing import Final

from scripts.bench.artefact import is_built, layer_bytes, zip_bytes
from scripts.bench.rows import Row

SECTION: Final = "Size of the artefact"
LAYER_MEGABYTES: Final = 25
ZIP_KILOBYTES: Final = 50


def measure() -> list[Row]:
    if not is_built():
        return [Row(SECTION, "layer and functions", "not built: run make build first")]
    layer = layer_bytes() / 1e6
    zips = {name: size / 1e3 for name, size in zip_bytes().items()}
    largest = max(zips, key=lambda name: zips[name])
    return [
        Row(
            SECTION,
            "dependencies layer, unzipped",
            measured=f"{layer:.1f} MB",
            target=f"≤ {LAYER_MEGABYTES} MB",
            met=layer <= LAYER_MEGABYTES,
        ),
        Row(
            SECTION,
            f"largest of {len(zips)} function zips ({largest})",
            measured=f"{zips[largest]:.0f} kB",
            target=f"≤ {ZIP_KILOBYTES} kB",
            met=zips[largest] <= ZIP_KILOBYTES,
        ),
    ]
