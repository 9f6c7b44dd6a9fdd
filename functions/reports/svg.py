"""Pictures: plain SVG with a title and a text alternative, in the colours of the reader's light or dark scheme."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.reports.markup import escape

COLOURS: Final = (
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1f2937;--faint:#4b5563;--line:#d1d5db;--bar:#2563eb}"
    "@media(prefers-color-scheme:dark)"
    "{:root{--ground:#111827;--ink:#e5e7eb;--faint:#9ca3af;--line:#374151;--bar:#60a5fa}}"
)
WIDTH: Final = 640
HEIGHT: Final = 320


@dataclass(frozen=True, slots=True)
class Picture:
    """`description` says in words what the drawing shows; `shapes` is SVG."""

    name: str
    title: str
    description: str
    shapes: str

    def inline(self) -> str:
        """For a page that has the colours."""
        return self._svg("")

    def standalone(self) -> bytes:
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{self._svg(f"<style>{COLOURS}</style>")}\n'.encode()

    def _svg(self, style: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'role="img" aria-labelledby="{self.name}-title {self.name}-description" font-family="sans-serif" '
            f'font-size="12"><title id="{self.name}-title">{escape(self.title)}</title>'
            f'<desc id="{self.name}-description">{escape(self.description)}</desc>{style}'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="var(--ground)"/>{self.shapes}</svg>'
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """`label` is read out for this bar; `tick` stands below it, on some bars only."""

    height: int
    label: str
    tick: str = ""


_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 16, 40


def bars(each: Sequence[Bar]) -> str:
    """A bar chart: whole numbers upwards, bars side by side."""
    highest = max((bar.height for bar in each), default=0)
    if not highest:
        return f'<text x="{WIDTH // 2}" y="{HEIGHT // 2}" text-anchor="middle" fill="var(--faint)">No data yet</text>'
    room, floor = HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / len(each)
    parts = [_grid_line(value, floor - room * value / highest) for value in _grid_values(highest)]
    for place, bar in enumerate(each):
        left, tall = _LEFT + place * step, room * bar.height / highest
        parts.append(
            f'<rect x="{left + 1:.2f}" y="{floor - tall:.2f}" width="{max(step - 2, 1):.2f}" height="{tall:.2f}" '
            f'fill="var(--bar)"><title>{escape(bar.label)}</title></rect>'
        )
        if bar.tick:
            parts.append(
                f'<text x="{left + step / 2:.2f}" y="{floor + 18}" text-anchor="middle" fill="var(--faint)">'
                f"{escape(bar.tick)}</text>"
            )
    return "".join(parts)


def _grid_values(highest: int) -> list[int]:
    """Whole numbers from 0 up, at most six."""
    step = -(-highest // 5)
    return list(range(0, highest + 1, step))


def _grid_line(value: int, height: float) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height:.2f}" y2="{height:.2f}" stroke="var(--line)"/>'
        f'<text x="{_LEFT - 8}" y="{height + 4:.2f}" text-anchor="end" fill="var(--faint)">{value}</text>'
    )
