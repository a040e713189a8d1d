"""Reads replies and completions by offsets alone, those of the tables in docs/abi.md: no declared
structure, no getter but to compare with. usage: offsets.py LIBRARY PAGE URL"""

import ctypes
import struct
import sys

library, page = ctypes.CDLL(sys.argv[1]), open(sys.argv[2], encoding="utf-8").read()
url = sys.argv[3].encode()

# One reply of every kind; what it is read as stands beside it.
EVERYTHING = (
    b"*17\r\n_\r\n+status\r\n-ERR no\r\n:-42\r\n$6\r\nwo\0rds\r\n*0\r\n,2.5\r\n#t\r\n#f\r\n"
    b"(-123456789012345678901234567890\r\n=9\r\nmkd:*bold\r\n%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n~1\r\n:9223372036854775807\r\n"
    b"$0\r\n\r\n*2\r\n*1\r\n$1\r\nx\r\n_\r\n:-9223372036854775808\r\n,-inf\r\n"
)
READ = [
    ("NIL", None), ("STATUS", b"status"), ("ERROR", b"ERR no"), ("INTEGER", -42), ("STRING", b"wo\0rds"), ("ARRAY", []),
    ("DOUBLE", 2.5), ("BOOLEAN", 1), ("BOOLEAN", 0), ("BIG_NUMBER", b"-123456789012345678901234567890"),
    ("VERBATIM", b"*bold"), ("MAP", [("STATUS", b"a"), ("INTEGER", 1), ("STATUS", b"b"), ("INTEGER", 2)]),
    ("SET", [("INTEGER", 9223372036854775807)]), ("STRING", b""),
    ("ARRAY", [("ARRAY", [("STRING", b"x")]), ("NIL", None)]), ("INTEGER", -9223372036854775808), ("DOUBLE", float("-inf")),
]  # fmt: skip
TEXTS = ("STATUS", "ERROR", "STRING", "BIG_NUMBER", "VERBATIM")
AGGREGATES = ("ARRAY", "MAP", "SET", "PUSH")


def table(head):
    """The rows of the page's table that begins with this head, the first two left out."""
    rows = page[page.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


# Columns of the machine at hand; this test runs on 64-bit ones.
assert struct.calcsize("P") == 8
reply_at = {row[0]: int(row[1]) for row in table("`redisclient_reply`")}
completion_at = {row[0]: int(row[1]) for row in table("`redisclient_completion`")}
kinds = {int(row[1]): row[0] for row in table("kind")}
flags = {row[0]: int(row[1]) for row in table("flag")}


def number(address, form):
    return struct.unpack("=" + form, ctypes.string_at(address, struct.calcsize("=" + form)))[0]


def read(address, root=True):
    kind = kinds[number(address + reply_at["kind"], "I")]
    bits = number(address + reply_at["flags"], "I")
    length = number(address + reply_at["length"], "Q")
    value = address + reply_at["value"]
    assert bool(bits & flags["IS_ROOT"]) == root and not bits & flags["IS_LOCAL"], (kind, bits)
    if kind in TEXTS:
        text = number(value, "Q")
        assert ctypes.string_at(text + length, 1) == b"\0"
        return kind, ctypes.string_at(text, length)
    if kind in AGGREGATES:
        first = number(value, "Q")
        return kind, [read(first + index * reply_at["(size)"], root=False) for index in range(length)]
    assert length == 0, (kind, length)
    if kind == "NIL":
        return kind, None
    return kind, number(value, "d" if kind == "DOUBLE" else "q")


def parse(text):
    used, root, error = ctypes.c_size_t(), ctypes.c_void_p(), ctypes.c_void_p()
    size = ctypes.c_size_t(len(text))
    status = library.redisclient_reply_parse(text, size, ctypes.byref(used), ctypes.byref(root), ctypes.byref(error))
    assert (status, used.value) == (0, len(text)), (status, used)
    return root.value


def free(root):
    library.redisclient_reply_free(ctypes.c_void_p(root))


def parsed():
    """Every kind, and a flag."""
    root = parse(EVERYTHING)
    assert read(root) == ("ARRAY", READ), read(root)
    free(root)
    root = parse(b">2\r\n+push\r\n:1\r\n")
    assert read(root) == ("PUSH", [("STATUS", b"push"), ("INTEGER", 1)])
    free(root)
    root = parse(b"|1\r\n+ttl\r\n:5\r\n:7\r\n")
    assert read(root) == ("INTEGER", 7)
    assert number(root + reply_at["flags"], "I") & flags["HAS_ATTRIBUTES"]
    free(root)


def submit(queue, tag, *words):
    lengths = struct.pack(f"={len(words)}Q", *map(len, words))
    count = ctypes.c_size_t(len(words))
    assert library.redisclient_submit_packed(queue, None, ctypes.c_uint64(tag), count, b"".join(words), lengths) == 0


def completed():
    """Completions in plain bytes that nobody has declared."""
    client = ctypes.c_void_p()
    assert library.redisclient_open(url, None, ctypes.byref(client), None) == 0
    library.redisclient_queue_new.restype = ctypes.c_void_p
    library.redisclient_error_code.restype = ctypes.c_int32
    queue = ctypes.c_void_p(library.redisclient_queue_new(client))
    room, size, tags = 16, completion_at["(size)"], [2**64 - 1, 0, 1 << 40, 7]
    for tag in tags[:3]:
        submit(queue, tag, b"ECHO", b"tag %d" % tag)
    submit(queue, tags[3], b"LPUSH", b"one", b"word", b"more")
    submit(queue, 8, b"INCR", b"one")
    taken = []
    while len(taken) < 5:
        some = ctypes.create_string_buffer(b"\xee" * size * room, size * room)
        count = library.redisclient_queue_drain(queue, some, ctypes.c_size_t(room), 20000)
        assert 0 < count <= room, count
        assert some.raw[count * size :] == b"\xee" * size * (room - count), "written behind the last"
        start = ctypes.addressof(some)
        for at in range(start, start + count * size, size):
            reply, error = number(at + completion_at["reply"], "Q"), number(at + completion_at["error"], "Q")
            assert (reply == 0) != (error == 0)
            code = library.redisclient_error_code(ctypes.c_void_p(error))
            taken.append((number(at + completion_at["tag"], "Q"), read(reply) if reply else code))
            free(reply)
            library.redisclient_error_free(ctypes.c_void_p(error))
    wanted = [(tag, ("STRING", b"tag %d" % tag)) for tag in tags[:3]]
    assert taken == wanted + [(7, ("INTEGER", 2)), (8, 500)], taken
    library.redisclient_queue_free(queue)
    library.redisclient_free(client)


parsed()
completed()
print("read by offsets")
