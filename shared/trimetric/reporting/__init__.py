"""From figures to reports, charts and words: pure, drawn as SVG without a library."""
