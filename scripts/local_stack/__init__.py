"""The local stack: MiniStack with the deployed template, behind a small proxy."""
