"""The media tools: the only room that knows Pillow and ffmpeg.

From the ground up: ``runner`` (ffmpeg), ``text``, ``picture``, ``sound``, ``layout``,
``captions``, ``probe``, ``voice``, ``footage``, ``reel``. ``toolbox.py`` is the door: ``worker.py``
runs one tool of ``tools.py`` for it in a process that may read what is in its ``room.py``.
"""
