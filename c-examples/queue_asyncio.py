"""A client in Python's asyncio, through ctypes alone: many coroutines await their replies at once.

The queue's descriptor is watched by the event loop. Each wake-up is one call into the library: it takes
out what has come, whose memory is then read in place (docs/abi.md). There is no callback into Python,
no thread of Python's, and no other package.
usage: queue_asyncio.py LIBRARY [URL]
"""

import asyncio
import ctypes
import sys

NIL, STATUS, ERROR, INTEGER, STRING, ARRAY, DOUBLE, BOOLEAN, BIG_NUMBER, VERBATIM, MAP, SET, PUSH = range(13)


class Reply(ctypes.Structure):
    """redisclient_reply."""


class Value(ctypes.Union):
    _fields_ = [
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


class Completion(ctypes.Structure):
    """redisclient_completion."""

    _fields_ = [("tag", ctypes.c_uint64), ("reply", ctypes.POINTER(Reply)), ("error", ctypes.c_void_p)]


class RedisError(Exception):
    """What the library said, with its code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def load(path):
    library = ctypes.CDLL(path)
    handle, size = ctypes.c_void_p, ctypes.c_size_t
    signatures = {
        "redisclient_open": (ctypes.c_int32, [ctypes.c_char_p, handle, handle, handle]),
        "redisclient_free": (None, [handle]),
        "redisclient_error_code": (ctypes.c_int32, [handle]),
        "redisclient_error_message": (ctypes.c_char_p, [handle]),
        "redisclient_error_free": (None, [handle]),
        "redisclient_reply_free": (None, [handle]),
        "redisclient_queue_new": (handle, [handle]),
        "redisclient_queue_fd": (ctypes.c_ssize_t, [handle]),
        "redisclient_queue_drain": (ctypes.c_int, [handle, handle, size, ctypes.c_int]),
        "redisclient_queue_free": (None, [handle]),
        "redisclient_submit_packed": (
            ctypes.c_int32,
            [handle, handle, ctypes.c_uint64, size, ctypes.c_char_p, handle],
        ),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def decode(node):
    """A reply as Python's own values."""
    kind, value = node.kind, node.value
    if kind in (STATUS, STRING, BIG_NUMBER, VERBATIM, ERROR):
        return ctypes.string_at(value.text, node.length)
    if kind == DOUBLE:
        return value.number
    if kind in (INTEGER, BOOLEAN):
        return value.integer if kind == INTEGER else bool(value.integer)
    items = [decode(value.items[index]) for index in range(node.length)] if kind != NIL else None
    return dict(zip(items[::2], items[1::2])) if kind == MAP else items


class Client:
    """One client and one queue, for one event loop."""

    AT_ONCE = 256

    def __init__(self, path, url):
        self.library = load(path)
        self.handle = ctypes.c_void_p()
        error = ctypes.c_void_p()
        if self.library.redisclient_open(url.encode(), None, ctypes.byref(self.handle), ctypes.byref(error)):
            raise self._error(error)
        self.queue = self.library.redisclient_queue_new(self.handle)
        self.waiting, self.next_tag, self.wakes = {}, 0, 0
        self.some = (Completion * self.AT_ONCE)()
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.library.redisclient_queue_fd(self.queue), self._take)

    def command(self, *words):
        """Submits; answers a future. Dropping it is fine: the reply is then nobody's."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        lengths = (ctypes.c_size_t * len(words))(*map(len, words))
        tag, self.next_tag = self.next_tag, self.next_tag + 1
        status = self.library.redisclient_submit_packed(
            self.queue, None, tag, len(words), b"".join(words), lengths
        )
        if status:
            raise RedisError(status, f"submit answered {status}")
        self.waiting[tag] = self.loop.create_future()
        return self.waiting[tag]

    def _take(self):
        self.wakes += 1
        count = self.library.redisclient_queue_drain(self.queue, self.some, self.AT_ONCE, 0)
        for one in self.some[: max(count, 0)]:
            future = self.waiting.pop(one.tag)
            failed = self._error(one.error) if one.error else None
            value = decode(one.reply.contents) if one.reply else None
            self.library.redisclient_reply_free(one.reply)
            if future.cancelled():
                continue
            future.set_exception(failed) if failed else future.set_result(value)

    def _error(self, error):
        said = self.library.redisclient_error_message(error).decode()
        failed = RedisError(self.library.redisclient_error_code(error), said)
        self.library.redisclient_error_free(error)
        return failed

    def close(self):
        self.loop.remove_reader(self.library.redisclient_queue_fd(self.queue))
        self.library.redisclient_queue_free(self.queue)
        self.library.redisclient_free(self.handle)


async def user(client, number):
    """Sets and gets a key of its own, and expects nobody else's value."""
    key = f"asyncio:{number}"
    for round_ in range(20):
        value = b"%d of %d" % (round_, number)
        assert await client.command("SET", key, value) == b"OK"
        assert await client.command("GET", key) == value
    return 40


async def main(path, url):
    client = Client(path, url)
    try:
        answered = sum(await asyncio.gather(*(user(client, number) for number in range(100))))
        try:
            await client.command("INCR", "asyncio:0")
        except RedisError as error:
            assert error.code == 500, error
        else:
            raise AssertionError("INCR of a text was not refused")
        await client.command("DEL", *(f"asyncio:{number}" for number in range(100)))
        print(f"{answered} replies were awaited by 100 coroutines in {client.wakes} wake-ups")
    finally:
        client.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "redis://127.0.0.1:6379"))
