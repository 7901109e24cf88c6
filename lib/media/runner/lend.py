"""Hand memory to a pipe without copying it, where the system can.

Used by ``ffmpeg_run.py`` for frames: a frame of 3 MB copied into a pipe costs half a millisecond.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
from collections.abc import Callable

#: What says that this system, or this kind of pipe, cannot do it.
_CANNOT = (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EBADF)


class _Span(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


@functools.cache
def _vmsplice() -> Callable[..., int] | None:
    found = getattr(ctypes.CDLL(None, use_errno=True), "vmsplice", None)
    if found is not None:
        found.argtypes = (ctypes.c_int, ctypes.POINTER(_Span), ctypes.c_ulong, ctypes.c_uint)
        found.restype = ctypes.c_ssize_t
    return found


def lend(pipe: int, data: bytearray) -> int:
    """Let the reader of a pipe read from this memory itself; return how many bytes it took.

    It must stay as it is until the pipe has passed on everything. Returns less than all where the
    system cannot do it, and the rest is to be written. Raises OSError as a write would.
    """
    call, done = _vmsplice(), 0
    start = ctypes.addressof(ctypes.c_char.from_buffer(data))
    while call is not None and done < len(data):
        span = _Span(start + done, len(data) - done)
        taken = call(pipe, ctypes.byref(span), 1, 0)
        if taken < 0:
            code = ctypes.get_errno()
            if code in _CANNOT:
                break
            if code != errno.EINTR:
                raise OSError(code, os.strerror(code))
        else:
            done += taken
    return done
