"""A cockpit under measurement: what a person sees of it, and how long until they do."""
import os
import sys
import tempfile
import time

from terminal import Terminal

SIZE = (160, 45)
DOWN, UP = b"\x1b[B", b"\x1b[A"


class Screen:
    """What a person sees."""

    def __init__(self):
        import pyte

        self.screen = pyte.Screen(*SIZE)
        self.stream = pyte.ByteStream(self.screen)

    def feed(self, data):
        self.stream.feed(data)

    def text(self):
        return "\n".join(self.screen.display)


class Cockpit:
    def __init__(self, command, environment, page):
        self.home = tempfile.TemporaryDirectory()
        self.screen = Screen()
        self.terminal = Terminal(command, SIZE, self.home.name, environment, self.screen.feed)
        os.write(self.terminal.fd, page)

    def until(self, what, like, seconds=60):
        """Seconds from the start until the screen is like that."""
        end = self.terminal.started + seconds
        while not like(self.screen.text()):
            data, _ = self.terminal.read(end)
            if not data:
                sys.exit(f"{what}: not within {seconds} s\n{self.screen.text()}")
        return time.monotonic() - self.terminal.started

    def keys(self, count):
        """Key to output, in seconds. Whatever else is drawn meanwhile may come first, so this is a lower bound for a busy screen;
        the cursor's row has to change."""
        waits = []
        for at in range(count):
            before = self.terminal.total
            sent = time.monotonic()
            os.write(self.terminal.fd, UP if at % 8 >= 4 else DOWN)
            while self.terminal.total == before:
                data, came = self.terminal.read(sent + 5)
                if not data:
                    sys.exit("a key had no answer")
            waits.append(came - sent)
            self.terminal.drain(0.15)
        return waits

    def over(self, seconds):
        """CPU as percent of a core, and bytes written, over so many seconds."""
        cpu, before, began = self.terminal.cpu_seconds(), self.terminal.total, time.monotonic()
        self.terminal.drain(seconds)
        return 100 * (self.terminal.cpu_seconds() - cpu) / (time.monotonic() - began), self.terminal.total - before

    def end(self):
        self.terminal.end()
        self.home.cleanup()
