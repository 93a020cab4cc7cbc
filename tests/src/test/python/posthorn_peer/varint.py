"""Integers and varints (PROTOCOL.md 1.1, 1.2)."""

MAX = (1 << 62) - 1


class Truncated(Exception):
    """What was announced passes the end of the bytes."""


def encode(value: int) -> bytes:
    """The shortest form."""
    if value < 1 << 6:
        return value.to_bytes(1, "big")
    if value < 1 << 14:
        return (value | 1 << 14).to_bytes(2, "big")
    if value < 1 << 30:
        return (value | 2 << 30).to_bytes(4, "big")
    if value <= MAX:
        return (value | 3 << 62).to_bytes(8, "big")
    raise ValueError(f"{value} is above 2^62-1")


class Reader:
    """Reads fields from left to right; nothing is read past the end."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left():
            raise Truncated(f"{count} bytes wanted, {self.left()} left")
        self.at += count
        return self.data[self.at - count : self.at]

    def rest(self) -> bytes:
        return self.take(self.left())

    def fixed(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def varint(self) -> int:
        if not self.left():
            raise Truncated("a varint wanted, nothing left")
        length = 1 << (self.data[self.at] >> 6)
        return self.fixed(length) & ((1 << (8 * length - 2)) - 1)
