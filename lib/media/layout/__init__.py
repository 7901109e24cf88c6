"""The one engine that draws pages: what a template says, with a brand's look and a work's words.

    sheet   a page being drawn: units, colours, words       ground  what lies under everything
    stack   texts and marks in a column, fitted and placed  marks   bars, pills, dots, logo, handle
    page    all of that as one picture            panels  as high as what stands on them

Called by ``stills``; ``reel/words.py`` makes the layers of a film of the same parts.
"""
