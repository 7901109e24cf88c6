"""Text that fits, in every script: wrapped, balanced, as large as its box allows, never half drawn.

Knows fonts and boxes, not layouts; ``stills`` and ``reel/words.py`` call ``fit`` and draw the
``Block`` that it returns. What no bundled font can show, or what does not fit at the smallest
size, is an error in words: never an empty box in a published picture.

    faces      which file shows what            bidi    which way it runs
    clusters   what must stay together          breaks  where a line may end
    paragraph  all of that for one text         block   measured and drawn lines
    fit        the largest size, even lines
"""

from __future__ import annotations

from lib.media.text.block import Block
from lib.media.text.faces import shaping
from lib.media.text.fit import fit

__all__ = ["Block", "fit", "shaping"]
