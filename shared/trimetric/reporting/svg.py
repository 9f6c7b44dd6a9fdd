"""Pictures: plain SVG with a title and a text alternative, in the colours of the reader's light or dark scheme."""

from dataclasses import dataclass
from typing import Final

from trimetric.reporting.markup import escape

#: `c0`…`c5` are Okabe and Ito's colours, told apart by colour-blind people too; each scheme has those it can show well.
#: `heat` is the full end of a ramp that starts at the ground; `low` and `high` are inks readable on its two halves,
#: `on0` is one readable on `c0`.
COLOURS: Final = (
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1f2937;--faint:#4b5563;--line:#d1d5db;--bar:#0072b2;"
    "--c0:#0072b2;--c1:#56b4e9;--c2:#d55e00;--c3:#e69f00;--c4:#6b7280;--c5:#d1d5db;--good:#007a5a;"
    "--heat:#08459a;--low:#000;--high:#fff;--on0:#fff}"
    "@media(prefers-color-scheme:dark)"
    "{:root{--ground:#111827;--ink:#e5e7eb;--faint:#9ca3af;--line:#374151;--bar:#56b4e9;"
    "--c0:#2f8fd0;--c1:#8fd0f5;--c2:#e8762c;--c3:#f0b93a;--c4:#9ca3af;--c5:#4b5563;--good:#2cc295;"
    "--heat:#60a5fa;--low:#fff;--high:#000;--on0:#000}}"
)
WIDTH: Final = 720


class Markup(str):
    """Finished SVG; any other text is escaped where it is put in."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """`stroke_width=2` is written `stroke-width="2"`; attributes that are None are left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    return Markup(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")


def _attribute(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def joined(*parts: Markup) -> Markup:
    return Markup("".join(parts))


@dataclass(frozen=True, slots=True)
class Drawing:
    """`shapes` on a ground of `WIDTH` times `height`."""

    shapes: Markup
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """`description` says in words what the drawing shows."""

    name: str
    title: str
    description: str
    drawing: Drawing

    def inline(self) -> str:
        """For a page that has the colours."""
        return self._svg(Markup(""))

    def standalone(self) -> bytes:
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{self._svg(element("style", Markup(COLOURS)))}\n'.encode()

    def _svg(self, style: Markup) -> Markup:
        height = round(self.drawing.height)
        title, description = f"{self.name}-title", f"{self.name}-description"
        return element(
            "svg",
            element("title", self.title, id=title),
            element("desc", self.description, id=description),
            style,
            element("rect", width=WIDTH, height=height, fill="var(--ground)"),
            self.drawing.shapes,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH} {height}",
            width=WIDTH,
            height=height,
            role="img",
            aria_labelledby=f"{title} {description}",
            font_family="system-ui,sans-serif",
            font_size=12,
        )
