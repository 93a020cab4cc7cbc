"""Ordered channels (PROTOCOL.md 6) and their credit (10.1)."""

from .frames import FINAL_SIZE, FLOW_CONTROL, PROTOCOL_VIOLATION, FrameError
from .ranges import RangeSet
from .varint import Reader, Truncated, encode

MAX_CHUNK = 65536
MESSAGE_TOO_LARGE = 6


def chunks(message: bytes, size: int = MAX_CHUNK) -> bytes:
    """A message as its chunks; the last one has more = 0."""
    out = b""
    for at in range(0, max(len(message), 1), size):
        part = message[at : at + size]
        more = at + size < len(message)
        out += encode(len(part) * 2 + more) + part
    return out


class SendStream:
    """The bytes of one channel that go out: what was never sent, and what was lost."""

    def __init__(self, channel: int, limit: int):
        self.channel = channel
        self.limit = limit
        self.data = bytearray()
        self.base = 0  # offset of data[0]: all before it is acknowledged
        self.sent = 0
        self.lost = RangeSet()
        self.acknowledged = RangeSet()
        self.blocked_told = -1

    def end(self) -> int:
        return self.base + len(self.data)

    def write(self, data: bytes) -> None:
        self.data += data

    def raise_limit(self, limit: int) -> None:
        self.limit = max(self.limit, limit)

    def blocked(self) -> bool:
        return self.sent >= self.limit and self.sent < self.end()

    def has_data(self) -> bool:
        return bool(self.lost) or self.sent < min(self.end(), self.limit)

    def take(self, room: int) -> tuple[int, bytes]:
        """Up to `room` bytes and their offset: lost ones first."""
        if self.lost:
            start, end = self.lost.ranges[0]
            end = min(end, start + room)
            self.lost.remove(start, end)
        else:
            start = self.sent
            end = min(self.end(), self.limit, start + room)
            self.sent = end
        return start, bytes(self.data[start - self.base : end - self.base])

    def on_acknowledged(self, start: int, end: int) -> None:
        self.acknowledged.add(start, end)
        self.lost.remove(start, end)
        low, high = self.acknowledged.ranges[0]
        if low <= self.base < high:
            del self.data[: high - self.base]
            self.base = high

    def on_lost(self, start: int, end: int) -> None:
        for low, high in self.acknowledged.minus(max(start, self.base), end):
            self.lost.add(low, high)

    def all_acknowledged(self) -> bool:
        return not self.data


class ReceiveStream:
    """The bytes of one channel that come in, and the messages in them."""

    def __init__(self, channel: int, window: int, max_whole: int):
        self.channel = channel
        self.window = window
        self.max_whole = max_whole
        self.limit = window
        self.data = bytearray()
        self.base = 0  # offset of data[0]: all before it was read
        self.received = RangeSet()
        self.final = None
        self.highest = 0
        self.message = bytearray()
        self.chunk_left = self.more = 0  # of the chunk that has begun
        self.tell_limit = False

    def on_data(self, offset: int, data: bytes) -> list[bytes]:
        """The messages that became whole."""
        end = offset + len(data)
        if end > self.limit:
            raise FrameError(FLOW_CONTROL, f"channel {self.channel}: byte {end} above {self.limit}")
        if self.final is not None and end > self.final:
            raise FrameError(FINAL_SIZE, f"channel {self.channel}: byte {end} above the end {self.final}")
        self.highest = max(self.highest, end)
        for low, high in self.received.minus(max(offset, self.base), end):
            if len(self.data) < high - self.base:
                self.data.extend(bytes(high - self.base - len(self.data)))
            self.data[low - self.base : high - self.base] = data[low - offset : high - offset]
        self.received.add(offset, end)
        return self._messages()

    def on_fin(self, final: int) -> None:
        if self.final not in (None, final) or final < self.highest:
            raise FrameError(FINAL_SIZE, f"channel {self.channel}: end {final}")
        self.final = final

    def on_blocked(self, limit: int) -> None:
        if limit < self.limit or limit < self.base + self.window:
            self._grant()

    def _messages(self) -> list[bytes]:
        whole = []
        low, high = self.received.ranges[0]
        if low == 0 and high > self.base:
            used = self._read_chunks(bytes(self.data[: high - self.base]), whole)
            del self.data[:used]
            self.base += used
            if self.base + self.window - self.limit >= self.window // 2:
                self._grant()
        return whole

    def _read_chunks(self, ready: bytes, whole: list[bytes]) -> int:
        """Appends the messages that became whole; returns how many bytes were taken."""
        reader = Reader(ready)
        while reader.left():
            if self.chunk_left == 0:
                before = reader.at
                try:
                    head = reader.varint()
                except Truncated:
                    return before
                self.chunk_left, self.more = head >> 1, head & 1
                if self.chunk_left > MAX_CHUNK:
                    raise FrameError(PROTOCOL_VIOLATION, f"channel {self.channel}: a chunk of {self.chunk_left}")
                if len(self.message) + self.chunk_left > self.max_whole:
                    raise FrameError(MESSAGE_TOO_LARGE, f"channel {self.channel}: above {self.max_whole} bytes")
                if self.chunk_left == 0 and self.more:
                    self.message.clear()  # aborted
                    continue
            part = reader.take(min(self.chunk_left, reader.left()))
            self.message += part
            self.chunk_left -= len(part)
            if self.chunk_left == 0 and not self.more:
                whole.append(bytes(self.message))
                self.message.clear()
        return reader.at

    def _grant(self) -> None:
        self.limit = max(self.limit, self.base + self.window)
        self.tell_limit = True
