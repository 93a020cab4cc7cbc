"""Datagrams and packets (PROTOCOL.md 2, 3): bytes to fields and back, nothing else."""

from .varint import Reader, Truncated, encode

VERSION = 0x50480001
M1, M2, M3, CONTROL = 4, 5, 6, 7
RETRY, VERSIONS, REFUSED, UNKNOWN_CONNECTION = 1, 2, 3, 4
CLEAR, NOISE, NOISE_PSK = 0, 1, 2
MINIMUM_DATAGRAM = 1200
MAXIMUM_DATAGRAM = 65507


class Dropped(Exception):
    """A datagram that is dropped and counted; the text is the reason of 13.2."""


def write_m1(suite: int, connection_id: bytes, cookie: bytes, body: bytes) -> bytes:
    packet = bytes([M1]) + VERSION.to_bytes(4, "big") + bytes([suite]) + connection_id
    packet += bytes([len(cookie)]) + cookie + len(body).to_bytes(2, "big") + body
    return packet.ljust(MINIMUM_DATAGRAM, b"\0")


def write_m2(initiator_id: bytes, responder_id: bytes, body: bytes) -> bytes:
    return bytes([M2]) + initiator_id + responder_id + len(body).to_bytes(2, "big") + body


def write_m3(responder_id: bytes, body: bytes) -> bytes:
    return bytes([M3]) + responder_id + len(body).to_bytes(2, "big") + body


def write_control(kind: int, connection_id: bytes, fields: bytes) -> bytes:
    return bytes([CONTROL, kind]) + connection_id + fields


SMALLEST = {M1: 17, M2: 51, M3: 35, CONTROL: 11}
SMALLEST_DATA = 14


def read(datagram: bytes) -> dict:
    """The fields of a datagram, or Dropped; the order of the checks is that of 13.2."""
    if not datagram:
        raise Dropped("EMPTY")
    if len(datagram) > MAXIMUM_DATAGRAM:
        raise Dropped("TOO_LONG")
    first = datagram[0]
    if not M1 <= first <= 15:
        raise Dropped("UNKNOWN_TYPE")
    if len(datagram) < SMALLEST.get(first, SMALLEST_DATA):
        raise Dropped("TOO_SHORT")
    if first > CONTROL:
        return {"packet": "data", "connectionId": datagram[1:9], "bytes": datagram}
    reader = Reader(datagram)
    reader.take(1)
    try:
        return {M1: _read_m1, M2: _read_m2, M3: _read_m3, CONTROL: _read_control}[first](reader)
    except Truncated:
        raise Dropped("MALFORMED_HANDSHAKE") from None


def _demand(holds: bool, reason: str = "MALFORMED_HANDSHAKE") -> None:
    if not holds:
        raise Dropped(reason)


def _body(reader: Reader, least: int) -> bytes:
    length = reader.fixed(2)
    _demand(least <= length <= 608)
    return reader.take(length)


def _read_m1(reader: Reader) -> dict:
    _demand(len(reader.data) >= MINIMUM_DATAGRAM, "UNDERSIZED_FIRST_MESSAGE")
    packet = {"packet": "M1", "version": reader.fixed(4)}
    _demand(packet["version"] == VERSION, "UNSUPPORTED_VERSION")
    packet["suite"] = reader.fixed(1)
    _demand(packet["suite"] <= NOISE_PSK, "SECURITY_MISMATCH")
    packet["connectionId"] = reader.take(8)
    length = reader.fixed(1)
    _demand(length <= 64)
    packet["cookie"] = reader.take(length)
    packet["body"] = _body(reader, 32)
    return packet


def _read_m2(reader: Reader) -> dict:
    packet = {"packet": "M2", "initiatorId": reader.take(8), "responderId": reader.take(8)}
    packet["body"] = _body(reader, 32)
    _demand(not reader.left())
    return packet


def _read_m3(reader: Reader) -> dict:
    packet = {"packet": "M3", "connectionId": reader.take(8), "body": _body(reader, 24)}
    rest = packet["data"] = reader.rest()
    _demand(not rest or _is_data(rest, packet["connectionId"]))
    _demand(not rest or len(rest) >= SMALLEST_DATA)
    return packet


def _is_data(packet: bytes, connection_id: bytes) -> bool:
    return 8 <= packet[0] <= 15 and packet[1:9] == connection_id


def _read_control(reader: Reader) -> dict:
    kind = reader.fixed(1)
    packet = {"packet": "control", "kind": kind, "connectionId": reader.take(8)}
    if kind == RETRY:
        packet["cookie"] = reader.take(reader.fixed(1))
        _demand(1 <= len(packet["cookie"]) <= 64)
    elif kind == VERSIONS:
        count = reader.fixed(1)
        _demand(1 <= count <= 16)
        packet["versions"] = [reader.fixed(4) for _ in range(count)]
    elif kind == REFUSED:
        packet["code"] = reader.varint()
    elif kind == UNKNOWN_CONNECTION:
        packet["echo"] = reader.rest()
        _demand(9 <= len(packet["echo"]) <= 24)
        _demand(_is_data(packet["echo"], packet["connectionId"]))
    else:
        _demand(False)
    _demand(not reader.left())
    return packet


def number_length(number: int, largest_acknowledged: int) -> int:
    """3.6, writing: the fewest bytes that the receiver can find the number from."""
    distance = number - largest_acknowledged
    return next(length for length in (1, 2, 3, 4) if 1 << 8 * length >= 2 * distance)


def expand_number(low: int, length: int, expected: int) -> int:
    """3.6, reading: the number nearest to the expected one that ends in these bytes."""
    window = 1 << 8 * length
    candidate = expected & -window | low
    if candidate >= 1 << 62:
        return candidate - window
    if candidate <= expected - window // 2 and candidate < (1 << 62) - window:
        return candidate + window
    if candidate > expected + window // 2 and candidate >= window:
        return candidate - window
    return candidate
