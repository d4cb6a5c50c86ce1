"""A hand that stops at one exact moment (test/cage/pause.c), to change its mailbox or to end it just then.
SPDX-License-Identifier: Apache-2.0"""
import ctypes
import mmap
import pathlib
import struct
import time

from harness import tools

LIBRARY = tools.program("cage_pause.so")
WAITING, GO = 1, 2
FUTEX, FUTEX_WAKE = 202, 1
WAIT_SECONDS = 120      # for a machine that does much else


class Pause:
    """One moment of one hand; env is for whoever starts it, and goes on to it."""

    def __init__(self, folder, at):
        page = pathlib.Path(folder) / "pause"
        page.write_bytes(bytes(4096))
        with open(page, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)
        self.env = {"LD_PRELOAD": str(LIBRARY), "PAUSE_PAGE": str(page), "PAUSE_AT": at}

    def reached(self, process):
        """Waits for the moment: False where the process ended without it."""
        end = time.monotonic() + WAIT_SECONDS
        while struct.unpack("i", self.page[:4])[0] != WAITING:
            if process.poll() is not None:
                return False
            assert time.monotonic() < end, "neither that moment nor an end"
            time.sleep(0.0005)
        return True

    @property
    def pid(self):
        """Of the hand that waits."""
        return struct.unpack("i", self.page[4:8])[0]

    def go_on(self):
        self.page[:4] = struct.pack("i", GO)
        word = ctypes.c_int.from_buffer(self.page)
        ctypes.CDLL(None).syscall(FUTEX, ctypes.byref(word), FUTEX_WAKE, 1, None, None, 0)
