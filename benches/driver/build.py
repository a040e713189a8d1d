"""Compiles the programs: each workload's source once for each client that can do it.

A peer that is not there is remembered with the reason; its column then says so.
"""

import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

from . import places
from .places import BENCHES, OUT, ROOT, STAGE

CC = shutil.which("cc") or "gcc"
FLAGS = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra"]
COMMON = ["programs/measure.c", "programs/commands.c"]
EXTRA = {"parse": ["programs/corpus.c"]}
HIREDIS = "alloc async hiredis net read sds sockcompat".split()
LIBVALKEY = "alloc async conn dict dns net read sds sockcompat timer valkey vkutil".split()

EVERYTHING = {"sync", "pipeline", "parse", "encode", "connect", "idle", "threads"}
ABILITIES = {
    "ours": EVERYTHING | {"submit"},
    "by-hand": {"idle"},
    "raw": {"sync", "pipeline", "connect", "idle", "threads"},
    "hiredis": EVERYTHING,
    "libvalkey": EVERYTHING,
    "glide": {"sync", "pipeline", "connect", "idle", "threads"},
    "redis-rs": EVERYTHING,
    "rueidis": {"sync", "pipeline", "threads"},
    "go-redis": {"sync", "pipeline", "threads"},
}
GO_MODULES = {"rueidis": "github.com/redis/rueidis", "go-redis": "github.com/redis/go-redis/v9"}


class Absent(Exception):
    """A client, or something of it, is not to be had; the text says why."""


def run(command, log, **options):
    """Runs a build step, whose words go to a log."""
    with open(log, "a", encoding="utf-8") as out:
        out.write(" ".join(map(str, command)) + "\n")
        out.flush()
        done = subprocess.run(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False, **options)
    if done.returncode:
        raise Absent(f"does not build; the log is {log.relative_to(ROOT)}")


def outdated(product, *sources):
    if not product.exists():
        return True
    made = product.stat().st_mtime
    return any(path.exists() and path.stat().st_mtime > made for path in sources)


class Builder:
    """Makes programs as they are asked for."""

    def __init__(self):
        self.absent = {}
        self.log = OUT / "build.log"
        self.bin = OUT / "bin"
        self.bin.mkdir(parents=True, exist_ok=True)
        self.log.write_text("", encoding="utf-8")
        self._links = {}
        self._lock = threading.Lock()

    def library(self):
        """Builds and installs the library into target/stage, as `make demo` does."""
        run([ROOT / ".ci" / "install", STAGE, ROOT / "target" / "cmake"], self.log)

    def peers(self):
        """Fetches what is not there yet; what cannot be had is absent."""
        try:
            run(["sh", ROOT / "tests" / "support" / "fetch-peers.sh", "hiredis", "libvalkey", "glide"], self.log)
        except Absent:
            pass

    def counter(self):
        """The library that counts allocations."""
        product = self.bin / "count_allocations.so"
        source = BENCHES / "programs" / "count_allocations.c"
        if outdated(product, source):
            run([CC, "-O2", "-shared", "-fPIC", "-o", product, source], self.log)
        return product

    def program(self, name, client):
        """The path of a program, built if need be; raises Absent."""
        if name not in ABILITIES[client]:
            raise Absent("has no such thing")
        product = self.bin / f"{name}-{client}"
        source, links = self.links(client)
        if client in GO_MODULES:
            flags = f"-X main.program={name} -X main.client={client}"
            run(["go", "build", "-ldflags", flags, "-o", product, "."], self.log, cwd=OUT / "go")
            return product
        sources = [BENCHES / path for path in [f"programs/{name}.c", *EXTRA.get(name, []), *COMMON, *source]]
        headers = [*(BENCHES / "programs").glob("*.h"), BENCHES / "clients" / "client.h"]
        objects = [path for path in links if hasattr(path, "exists")]
        if outdated(product, *sources, *headers, *objects):
            run([CC, *FLAGS, "-o", product, *sources, *links, "-pthread", "-ldl", "-lm"], self.log)
        return product

    def everything(self, wanted):
        """Builds pairs of program and client, several at a time; what fails is told when it is measured."""
        def attempt(pair):
            try:
                self.program(*pair)
            except Absent:
                pass
        for client in {client for _, client in wanted}:
            try:
                self.links(client)
            except Absent:
                pass
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(attempt, sorted(wanted)))

    def links(self, client):
        """Its source file, and what the linker and compiler get; raises Absent."""
        with self._lock:
            if client not in self._links and client not in self.absent:
                try:
                    self._links[client] = getattr(self, "_" + client.replace("-", "_"))()
                except Absent as why:
                    self.absent[client] = str(why)
        if client in self.absent:
            raise Absent(self.absent[client])
        return self._links[client]

    def _ours(self):
        library = STAGE / "lib"
        return ["clients/ours.c"], [f"-I{STAGE}/include", library / "libredisclient.so", f"-Wl,-rpath,{library}"]

    def _by_hand(self):
        return ["clients/by_hand.c"], self._ours()[1]

    def _raw(self):
        return ["clients/raw.c"], []

    def _hiredis(self):
        home = fetched("hiredis")
        objects = self._objects(home, home, HIREDIS, [f"-I{home}"])
        return ["clients/hiredis.c"], [f"-I{home}", *objects]

    def _libvalkey(self):
        home = fetched("libvalkey")
        include = [f"-I{home}/include", f"-I{home}/include/valkey", f"-I{home}/src"]
        objects = self._objects(home, home / "src", LIBVALKEY, include)
        return ["clients/hiredis.c"], ["-DVALKEY", f"-I{home}/include", *objects]

    def _objects(self, home, sources, names, include):
        folder = OUT / "objects" / home.name
        folder.mkdir(parents=True, exist_ok=True)
        pairs = [(folder / f"{name}.o", sources / f"{name}.c") for name in names]
        for product, source in pairs:
            if outdated(product, source):
                run([CC, "-O3", "-g", "-w", "-DNDEBUG", "-D_GNU_SOURCE", *include, "-c", "-o", product, source], self.log)
        return [product for product, _ in pairs]

    def _glide(self):
        home = fetched("glide")
        return ["clients/glide.c"], [home / "libglide_ffi.so", f"-Wl,-rpath,{home}"]

    def _redis_rs(self):
        if not shutil.which("cargo"):
            raise Absent("cargo is not installed")
        folder = OUT / "cargo"
        run(["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", BENCHES / "redis-rs" / "Cargo.toml",
             "--target-dir", folder], self.log)
        return [], [folder / "release" / "libpeer_redis_rs.a"]


    def _rueidis(self):
        return self._go()

    _go_redis = _rueidis

    def _go(self):
        """Go's clients are modules, fetched beside a copy of their program: the newest there are."""
        if not shutil.which("go"):
            raise Absent("go is not installed")
        folder = OUT / "go"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(BENCHES / "clients" / "go", folder)
        try:
            run(["go", "mod", "init", "peers"], self.log, cwd=folder, timeout=60)
            run(["go", "get", *(f"{module}@latest" for module in GO_MODULES.values())], self.log, cwd=folder, timeout=300)
        except (Absent, subprocess.TimeoutExpired):
            raise Absent("go cannot fetch its module") from None
        return [], []


def fetched(name):
    home = places.newest(f"{name}-*")
    if not home:
        raise Absent("is not there: tests/support/fetch-peers.sh fetches it")
    return home
