"""Transport parameters (PROTOCOL.md 7)."""

from .varint import Reader, Truncated, encode

# id: name, bytes or (smallest, largest) of a varint
KNOWN = {
    0x01: ("connectionId", 8),
    0x02: ("instanceId", 8),
    0x03: ("resetToken", 16),
    0x04: ("maxIdleTimeout", (1, (1 << 32) - 1)),
    0x05: ("maxAckDelay", (0, (1 << 24) - 1)),
    0x06: ("initialMaxChannelData", (0, (1 << 56) - 1)),
    0x07: ("maxChannels", (1, 64)),
    0x08: ("initialMaxMessages", (0, (1 << 62) - 1)),
    0x09: ("initialMaxMessageData", (0, (1 << 62) - 1)),
    0x0A: ("maxWholeMessage", (0, (1 << 40) - 1)),
    0x0B: ("maxUdpPayload", (1200, 65507)),
    0x0C: ("receiveBuffer", (1200, (1 << 40) - 1)),
    0x0D: ("activeConnectionIdLimit", (2, (1 << 62) - 1)),
    0x0E: ("registrationFingerprint", 32),
    0x0F: ("maxDatagramMessage", (0, 65507)),
    0x10: ("application", None),
}
DEFAULTS = {
    "maxIdleTimeout": 30_000,
    "maxAckDelay": 25_000,
    "initialMaxChannelData": 0,
    "maxChannels": 64,
    "initialMaxMessages": 0,
    "initialMaxMessageData": 0,
    "maxWholeMessage": 0,
    "maxUdpPayload": 65507,
    "receiveBuffer": 65536,
    "activeConnectionIdLimit": 2,
    "maxDatagramMessage": 0,
}


class ParameterError(Exception):
    """PARAMETERS of 13.1."""


def write(values: dict) -> bytes:
    """In ascending order of id; what is absent from `values` is left out."""
    out = b""
    for number, (name, form) in KNOWN.items():
        if name in values:
            value = encode(values[name]) if isinstance(form, tuple) else values[name]
            out += encode(number) + encode(len(value)) + value
    return out


def read(data: bytes) -> dict:
    """All parameters, with the default of each that is absent."""
    # Known before they are opened: what makes a text made for two keys make no sense (7).
    if data[0:2] != b"\x01\x08" or data[10:12] != b"\x02\x08":
        raise ParameterError("they do not begin with connectionId and instanceId")
    values = dict(DEFAULTS)
    reader = Reader(data)
    before = 0
    try:
        while reader.left():
            number = reader.varint()
            if number <= before:
                raise ParameterError(f"parameter {number} after {before}")
            before = number
            value = reader.take(reader.varint())
            if number in KNOWN:
                name, form = KNOWN[number]
                values[name] = _value(name, form, value)
    except Truncated as e:
        raise ParameterError(str(e)) from None
    return values


def _value(name: str, form, value: bytes):
    if isinstance(form, tuple):
        reader = Reader(value)
        number = reader.varint()
        if reader.left() or not form[0] <= number <= form[1]:
            raise ParameterError(name)
        return number
    if len(value) != form if form else not 1 <= len(value) <= 64:
        raise ParameterError(f"{name} of {len(value)} bytes")
    return value
