"""Private servers, on a Unix socket and a free port each, and the values that the programs ask for."""

import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import places

SIZES = (16, 1024, 65536, 1 << 20, 64 << 20)
# Seconds that a server may take to start, on a busy machine.
START = 60
USER, PASSWORD = "bench", "a-password"


# Below the ports of outgoing connections, any of which may be taken at any time.
PORTS = range(10_000, 22_000)
IN_USE = "Address already in use"


def free_port():
    for _ in range(1000):
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"bench: no port is free between {PORTS.start} and {PORTS.stop}")


class Server:
    """One server process; stopped by close."""

    def __init__(self, binary):
        self.folder = Path(tempfile.mkdtemp(prefix="redisclient-bench."))
        self.path = str(self.folder / "socket")
        words = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
        name = "Valkey" if "valkey" in words.lower() else "Redis"
        self.version = f"{name} {re.search(r'v=([0-9.]+)', words).group(1)}"
        # Somebody may take the port between the look and the start.
        while not self._start(binary):
            pass
        for size in SIZES:
            self.command("SET", f"value:{size}", "v" * size)
        self.command("ACL", "SETUSER", USER, "on", ">" + PASSWORD, "~*", "+@all")

    def _start(self, binary):
        """False when somebody else has the port."""
        self.port = free_port()
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.path, "--save", "",
                 "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no", "--maxclients", "4000", "--tcp-backlog", "4000"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if self._answers():
            return True
        words = (self.folder / "log").read_text(errors="replace")
        if self.process.poll() is not None and IN_USE in words:
            return False
        self.close()
        raise SystemExit(f"the server did not start:\n{words}")

    def _answers(self):
        until = time.monotonic() + START
        while self.process.poll() is None and time.monotonic() < until:
            try:
                if self.command("PING").startswith(b"+PONG"):
                    return True
            except OSError:
                time.sleep(0.025)
        return False

    def command(self, *words):
        """Sends one command; the beginning of the reply."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(30)
            link.connect(self.path)
            parts = [word.encode() for word in words]
            link.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            return link.recv(4096)

    def knows_setinfo(self):
        return self.command("CLIENT", "SETINFO", "LIB-VER", "1").startswith(b"+OK")

    def address(self, transport):
        return self.path if transport == "unix" else f"127.0.0.1:{self.port}"

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Servers:
    """The system's server, and a newer one where a workload needs that; each started when first asked for."""

    def __init__(self):
        self._running = {}
        self._lock = threading.Lock()

    def main(self):
        binary = shutil.which("redis-server") or shutil.which("valkey-server")
        if not binary:
            raise SystemExit("bench: redis-server is missing: .ci/setup installs it")
        return self._get(binary)

    def newer(self):
        """One that knows CLIENT SETINFO, or None."""
        for folder in (places.newest("redis-*"), places.newest("valkey-*")):
            for binary in folder.glob("*-server") if folder else ():
                server = self._get(str(binary))
                if server.knows_setinfo():
                    return server
        server = self.main()
        return server if server.knows_setinfo() else None

    def _get(self, binary):
        with self._lock:
            if binary not in self._running:
                self._running[binary] = Server(binary)
            return self._running[binary]

    def versions(self):
        return sorted({server.version for server in self._running.values()})

    def close(self):
        for server in self._running.values():
            server.close()
        self._running.clear()
