"""Figures against their targets: what the product costs, beside a plain peer measured in the same run."""
