"""A program in a pseudo-terminal, and what it costs. Shared by the benchmarks; standard library only."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

TICKS = os.sysconf("SC_CLK_TCK")
ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;22c"}


class Terminal:
    """A program in a pseudo-terminal. `seen` is told everything that comes out of it."""

    def __init__(self, command, size, home, environment=(), seen=None):
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
                names = ("PATH", "LANG", "USER")
                env = {name: os.environ[name] for name in names if name in os.environ}
                env.update(HOME=home, TERM="xterm-256color", COLORTERM="truecolor")
                env.setdefault("LANG", "C.UTF-8")
                env.update(environment)
                # A repository around us would be read by the rule book.
                os.chdir(home)
                os.execve(command[0], command, env)
            finally:
                os._exit(127)
        os.set_blocking(self.fd, False)
        self.total = 0
        self.tail = b""
        self.seen = seen

    def read(self, until):
        """Bytes that arrive before `until` (monotonic); returns at the first ones, with the time they came."""
        while True:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return b"", until
            came = time.monotonic()
            try:
                data = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                raise RuntimeError(f"the program ended early: {self.tail[-300:]!r}")
            self.total += len(data)
            if self.seen:
                self.seen(data)
            recent = self.tail[-3:] + data
            for question, answer in ANSWERS.items():
                if question in recent:
                    os.write(self.fd, answer)
            self.tail = (self.tail + data)[-2000:]
            return data, came

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(end)

    def wait_for(self, text, seconds):
        """When `text` came, in seconds after the start."""
        seen, end = b"", self.started + seconds
        while text not in seen:
            data, came = self.read(end)
            if not data:
                raise RuntimeError(f"{text!r} not within {seconds} s")
            seen += data
        return came - self.started

    def quiet(self, seconds=0.08, limit=2.0):
        """Waits until nothing has come for a while."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            data, _ = self.read(time.monotonic() + seconds)
            if not data:
                return

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_bytes(self, what="VmRSS"):
        """Resident memory; with RssAnon that which is the process's own, and no part of a file that others share."""
        with open(f"/proc/{self.pid}/status") as file:
            line = next(line for line in file if line.startswith(f"{what}:"))
        return int(line.split()[1]) * 1024

    def end(self):
        for name, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
            try:
                os.kill(self.pid, name)
            except ProcessLookupError:
                break
            limit = time.monotonic() + patience
            while time.monotonic() < limit:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self.fd)
                    return
                select.select([self.fd], [], [], 0.01)
                try:
                    os.read(self.fd, 1 << 16)
                except OSError:
                    pass
        os.close(self.fd)
