"""The template language: how a page looks, as data that a designer writes.

    page    what a page may say of itself         load   TOML files → templates, every fault named
    zones   what platforms lay over a picture     names  formats, pages and the words for them
    faults  what could never be drawn, in words

Read by ``lib/adapters/kits.py``, which hands the templates to recipes, and by ``lib/media``,
which draws pages. ``assets/templates/README.md`` tells designers the language.
"""
