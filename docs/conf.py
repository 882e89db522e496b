"""Sphinx: the manual is built from the repository itself, pages and docstrings as they stand. No network."""

import re
from importlib.metadata import version as installed

project = "densenet_sm"
version = release = installed("densenet-sm")
root_doc = "docs/index"
include_patterns = [
    "docs/*.md", "docs/*.rst", "docs/api/*", "docs/gallery/**",
    "NOTATION.md", "ARCHITECTURE.md", "CHANGELOG.md",
    "theory/*.md", "simulations/*.md", "figures/*.md", "tests/*.md", "benchmarks/*.md",
]  # fmt: skip
exclude_patterns = [
    "docs/build",
    "docs/gallery/*.py",
    "docs/gallery/*.ipynb",
    "docs/gallery/*.json",
    "docs/gallery/*.zip",
]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "secondary_sidebar_items": ["page-toc"]}
html_title = "densenet_sm"
myst_heading_anchors = 4
autosummary_generate = True
autodoc_typehints = "none"
suppress_warnings = ["config.cache"]
sphinx_gallery_conf = {
    "examples_dirs": "docs/examples",
    "gallery_dirs": "docs/gallery",
    "download_all_examples": False,
    "abort_on_example_error": True,
    "show_memory": False,
    "min_reported_time": 0,
}


def setup(app):
    app.connect("autodoc-process-docstring", as_restructured)


def as_restructured(app, what, name, obj, options, lines):
    """Docstrings are plain text for a terminal: keep formulae as they are, examples as doctests, names as code."""
    blocks = "\n".join(lines).strip("\n").split("\n\n")
    lines[:] = "\n\n".join(block for text in blocks for block in converted(text)).split("\n")


def converted(text):
    """reStructuredText of one paragraph."""
    rows = text.split("\n")
    if not text.strip():
        return []
    if rows[0].startswith(">>>"):
        return [text]
    if rows[0].startswith(" "):
        return ["::", "\n".join("    " + row for row in rows)]
    if len(rows) > 1 and set(rows[1]) == {"-"}:
        return [f"**{rows[0]}**", *converted("\n".join(rows[2:]))]
    if re.match(r"[\w\", ]+ : ", rows[0]):
        return ["\n".join("  " + escaped(row.strip()) if row.startswith(" ") else "| " + escaped(row) for row in rows)]
    if rows[0].startswith("- "):
        return ["\n".join(escaped(row) for row in rows)]
    for n, row in enumerate(rows):
        if n and (row.startswith(("- ", ">>>")) or re.match(r"[\w\", ]+ : ", row)):
            return converted("\n".join(rows[:n])) + converted("\n".join(rows[n:]))
    return ["\n".join(escaped(row) for row in rows)]


def escaped(row):
    """`code` stays code; everything else is plain."""
    parts = row.split("`")
    if len(parts) % 2 == 0:
        return re.sub(r"([\\*|_`])", r"\\\1", row)
    return "".join(
        f"``{part}``" if n % 2 and part else re.sub(r"([\\*|_])", r"\\\1", part) for n, part in enumerate(parts)
    )
