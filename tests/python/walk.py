"""Walks a reply of 100,000 elements with one call into the library: the nodes are read as memory."""

import ctypes
import sys

library_path, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Value(ctypes.Union):
    pass


class Reply(ctypes.Structure):
    pass


Value._fields_ = [
    ("integer", ctypes.c_int64),
    ("number", ctypes.c_double),
    ("text", ctypes.c_void_p),
    ("items", ctypes.POINTER(Reply)),
]
Reply._fields_ = [
    ("kind", ctypes.c_uint32),
    ("flags", ctypes.c_uint32),
    ("length", ctypes.c_size_t),
    ("value", Value),
]
STRING, ARRAY = 4, 5

library = ctypes.CDLL(library_path)
library.redisclient_error_message.restype = ctypes.c_char_p


def command(client, *args):
    packed = b"".join(args)
    lengths = (ctypes.c_size_t * len(args))(*map(len, args))
    reply = ctypes.POINTER(Reply)()
    error = ctypes.c_void_p()
    status = library.redisclient_command_packed(
        client, None, ctypes.c_size_t(len(args)), packed, lengths, ctypes.byref(reply), ctypes.byref(error)
    )
    assert status == 0, library.redisclient_error_message(error)
    return reply


client = ctypes.c_void_p()
assert library.redisclient_open(url.encode(), None, ctypes.byref(client), None) == 0
values = [b"value:%d" % number for number in range(count)]
for start in range(0, count, 1000):
    library.redisclient_reply_free(command(client, b"RPUSH", b"list", *values[start : start + 1000]))

reply = command(client, b"LRANGE", b"list", b"0", b"-1")
root = reply.contents
assert (root.kind, root.length) == (ARRAY, count)
items = root.value.items
seen = []
for index in range(count):
    node = items[index]
    assert node.kind == STRING
    seen.append(ctypes.string_at(node.value.text, node.length))
assert seen == values
library.redisclient_reply_free(reply)
library.redisclient_free(client)
print(f"walked {len(seen)} elements")
