"""Frames (PROTOCOL.md 5): a frame is a dict with its name under `frame` and its fields."""

from .varint import Reader, Truncated, encode

PROTOCOL_VIOLATION, FRAME_ENCODING, FLOW_CONTROL, LIMIT, FINAL_SIZE = 1, 2, 3, 4, 5

MAX_DELAY = (1 << 24) - 1
MAX_OFFSET = (1 << 56) - 1
MAX_MESSAGE = (1 << 40) - 1
MAX_RANGES = 64
CHANNELS = 64
MAX_TEXT = 1024

# v: varint, 1: byte, 8 and 16: that many bytes, bytes: a varint of length and as many bytes, rest: to the end
LAYOUTS = {
    0x00: ("PADDING", []),
    0x01: ("PING", []),
    0x04: ("CHANNEL_DATA", [("channel", "v"), ("offset", "v"), ("data", "bytes")]),
    0x05: ("CHANNEL_DATA_LAST", [("channel", "v"), ("offset", "v"), ("data", "rest")]),
    0x06: ("CHANNEL_FIN", [("channel", "v"), ("finalOffset", "v")]),
    0x07: ("MAX_CHANNEL_DATA", [("channel", "v"), ("maxOffset", "v")]),
    0x08: ("CHANNEL_BLOCKED", [("channel", "v"), ("limit", "v")]),
    0x09: ("MAX_MESSAGES", [("count", "v")]),
    0x0A: ("MAX_MESSAGE_DATA", [("bytes", "v")]),
    0x0B: ("MESSAGES_BLOCKED", [("count", "v"), ("bytes", "v")]),
    0x10: ("MESSAGE", [("id", "v"), ("channel", "v"), ("data", "bytes")]),
    0x11: (
        "MESSAGE_PART",
        [("id", "v"), ("channel", "v"), ("totalLength", "v"), ("offset", "v"), ("data", "bytes")],
    ),
    0x12: (
        "MESSAGE_LATEST",
        [("id", "v"), ("channel", "v"), ("key", "v"), ("totalLength", "v"), ("offset", "v"), ("data", "bytes")],
    ),
    0x13: ("MESSAGE_ABORT", [("id", "v"), ("totalLength", "v")]),
    0x14: ("DATAGRAM", [("channel", "v"), ("data", "bytes")]),
    0x15: ("DATAGRAM_SEQUENCED", [("channel", "v"), ("sequence", "v"), ("data", "bytes")]),
    0x18: ("CONFIRM_REQUEST", [("kind", "1"), ("channel", "v"), ("number", "v")]),
    0x19: ("CONFIRM", [("kind", "1"), ("channel", "v"), ("number", "v")]),
    0x1C: (
        "NEW_CONNECTION_ID",
        [("sequence", "v"), ("retirePriorTo", "v"), ("connectionId", "8"), ("resetToken", "16")],
    ),
    0x1D: ("RETIRE_CONNECTION_ID", [("sequence", "v")]),
    0x1E: ("PATH_CHALLENGE", [("data", "8")]),
    0x1F: ("PATH_RESPONSE", [("data", "8")]),
    0x20: ("ACK_FREQUENCY", [("sequence", "v"), ("packets", "v"), ("maxDelay", "v")]),
    0x21: ("CLOSE", [("code", "v"), ("applicationCode", "v"), ("text", "bytes")]),
}
TYPES = {name: kind for kind, (name, _) in LAYOUTS.items()} | {"ACK": 0x02, "ACK_ECN": 0x03}
NOT_ELICITING = {"PADDING", "ACK", "ACK_ECN", "CLOSE"}
OF_MESSAGES = {
    "CHANNEL_DATA",
    "CHANNEL_DATA_LAST",
    "MESSAGE",
    "MESSAGE_PART",
    "MESSAGE_LATEST",
    "MESSAGE_ABORT",
    "DATAGRAM",
    "DATAGRAM_SEQUENCED",
}


class FrameError(Exception):
    """A breach of the peer's, with the code of 13.1 that answers it."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code


def write(frame: dict) -> bytes:
    name = frame["frame"]
    if name in ("ACK", "ACK_ECN"):
        return _write_ack(frame)
    out = encode(TYPES[name])
    for field, kind in LAYOUTS[TYPES[name]][1]:
        value = frame[field]
        if kind == "v":
            out += encode(value)
        elif kind == "1":
            out += bytes([value])
        elif kind == "bytes":
            out += encode(len(value)) + value
        else:
            out += value
    return out


def read_all(payload: bytes):
    """Yields the frames one by one, so that those before a breach have had their effect (5.1)."""
    if not payload:
        raise FrameError(PROTOCOL_VIOLATION, "an empty payload")
    reader = Reader(payload)
    while reader.left():
        try:
            frame = _read(reader)
        except Truncated as e:
            raise FrameError(FRAME_ENCODING, str(e)) from None
        _check(frame)
        yield frame


def _read(reader: Reader) -> dict:
    kind = reader.fixed(1)
    if kind in (0x02, 0x03):
        return _read_ack(reader, kind)
    if kind not in LAYOUTS:
        raise FrameError(FRAME_ENCODING, f"frame type {kind:#x}")
    name, fields = LAYOUTS[kind]
    frame = {"frame": name}
    for field, form in fields:
        if form == "v":
            frame[field] = reader.varint()
        elif form == "1":
            frame[field] = reader.fixed(1)
        elif form == "bytes":
            frame[field] = reader.take(reader.varint())
        elif form == "rest":
            frame[field] = reader.rest()
        else:
            frame[field] = reader.take(int(form))
    return frame


def _check(frame: dict) -> None:
    name = frame["frame"]

    def demand(holds: bool, what: str, code: int = FRAME_ENCODING):
        if not holds:
            raise FrameError(code, f"{name}: {what}")

    demand(frame.get("channel", 0) < CHANNELS, f"channel {frame.get('channel')}", LIMIT)
    if name in ("CHANNEL_DATA", "CHANNEL_DATA_LAST"):
        demand(len(frame["data"]) > 0, "no data")
        demand(frame["offset"] + len(frame["data"]) <= MAX_OFFSET, "offset")
    for field in ("finalOffset", "maxOffset", "limit"):
        demand(frame.get(field, 0) <= MAX_OFFSET, field)
    if name == "MESSAGE":
        demand(len(frame["data"]) <= MAX_MESSAGE, "length")
    if "totalLength" in frame:
        demand(frame["totalLength"] <= MAX_MESSAGE, "total length")
    if name in ("MESSAGE_PART", "MESSAGE_LATEST"):
        demand(frame["offset"] + len(frame["data"]) <= frame["totalLength"], "passes the total length")
        demand(len(frame["data"]) > 0 or frame["totalLength"] == 0, "an empty part")
    if "kind" in frame:
        demand(frame["kind"] <= 1, "kind")
    if name == "NEW_CONNECTION_ID":
        demand(frame["retirePriorTo"] <= frame["sequence"], "retire prior to")
    if name == "ACK_FREQUENCY":
        demand(frame["packets"] >= 1, "packets")
        demand(frame["maxDelay"] <= MAX_DELAY, "max delay")
    if name == "CLOSE":
        demand(len(frame["text"]) <= MAX_TEXT, "text")


def _write_ack(frame: dict) -> bytes:
    ranges = frame["ranges"]  # descending, [smallest, largest] each
    out = encode(TYPES[frame["frame"]]) + encode(ranges[0][1]) + encode(frame["delay"])
    out += encode(len(ranges) - 1) + encode(ranges[0][1] - ranges[0][0])
    before = ranges[0][0]
    for low, high in ranges[1:]:
        out += encode(before - high - 2) + encode(high - low)
        before = low
    if frame["frame"] == "ACK_ECN":
        out += encode(frame["ect0"]) + encode(frame["ect1"]) + encode(frame["ce"])
    return out


def _read_ack(reader: Reader, kind: int) -> dict:
    frame = {"frame": "ACK_ECN" if kind == 0x03 else "ACK"}
    largest = reader.varint()
    frame["delay"] = reader.varint()
    if frame["delay"] > MAX_DELAY:
        raise FrameError(FRAME_ENCODING, "ACK: delay")
    further = reader.varint()
    if further >= MAX_RANGES:
        raise FrameError(FRAME_ENCODING, "ACK: more than 64 ranges")
    ranges = []
    for index in range(further + 1):
        if index:
            largest = ranges[-1][0] - reader.varint() - 2
        smallest = largest - reader.varint()
        if smallest < 0:
            raise FrameError(FRAME_ENCODING, "ACK: a range below 0")
        ranges.append([smallest, largest])
    frame["ranges"] = ranges
    if kind == 0x03:
        for name in ("ect0", "ect1", "ce"):
            frame[name] = reader.varint()
    return frame
