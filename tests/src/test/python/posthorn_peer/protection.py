"""Packet protection (PROTOCOL.md 4): keys, sealing, header protection, key update, once."""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .crc32c import crc32c
from .packets import Dropped, expand_number

NUMBER_AT = 9
SAMPLE_AT = 13
KEPT_NUMBERS = 8192


def expand(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand for up to one block (RFC 5869 2.3)."""
    return hmac.digest(secret, label + b"\1", "sha256")[:length]


def header_key(secret: bytes) -> bytes:
    return expand(secret, b"posthorn hp", 32)


class PhaseKey:
    def __init__(self, secret: bytes):
        self.secret = secret
        self.key = expand(secret, b"posthorn key", 32)
        self.iv = expand(secret, b"posthorn iv", 12)
        self.cipher = AESGCM(self.key)

    def next(self) -> "PhaseKey":
        return PhaseKey(expand(self.secret, b"posthorn next", 32))

    def nonce(self, number: int) -> bytes:
        return (int.from_bytes(self.iv, "big") ^ number).to_bytes(12, "big")

    def seal(self, number: int, header: bytes, frames: bytes) -> bytes:
        return self.cipher.encrypt(self.nonce(number), frames, header)

    def open(self, number: int, header: bytes, sealed: bytes) -> bytes:
        return self.cipher.decrypt(self.nonce(number), sealed, header)


def header(phase: int, connection_id: bytes, number: int, length: int) -> bytes:
    low = number & (1 << 8 * length) - 1
    return bytes([8 | (phase & 1) << 2 | length - 1]) + connection_id + low.to_bytes(length, "big")


def _mask(key: bytes, packet: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(packet[SAMPLE_AT : SAMPLE_AT + 16]) + encryptor.finalize()


def seal(key: PhaseKey, hp: bytes, phase: int, connection_id: bytes, number: int, length: int, frames: bytes):
    """A whole data packet. Frames are padded so that they and the number have four bytes (3.5)."""
    frames = frames.ljust(4 - length, b"\0")
    clear = header(phase, connection_id, number, length)
    packet = clear + key.seal(number, clear, frames)
    mask = _mask(hp, packet)
    masked = bytes([packet[0] ^ mask[0] & 7]) + packet[1:NUMBER_AT]
    masked += bytes(a ^ b for a, b in zip(packet[NUMBER_AT : NUMBER_AT + length], mask[1:]))
    return masked + packet[NUMBER_AT + length :]


def unmask(hp: bytes, packet: bytes, expected: int) -> tuple[int, int, bytes, bytes]:
    """Phase bit, packet number, header in clear, and what is sealed."""
    if len(packet) < SAMPLE_AT + 16:
        raise Dropped("AUTHENTICATION_FAILED")
    mask = _mask(hp, packet)
    first = packet[0] ^ mask[0] & 7
    length = (first & 3) + 1
    low = bytes(a ^ b for a, b in zip(packet[NUMBER_AT : NUMBER_AT + length], mask[1:]))
    number = expand_number(int.from_bytes(low, "big"), length, expected)
    clear = bytes([first]) + packet[1:NUMBER_AT] + low
    return first >> 2 & 1, number, clear, packet[NUMBER_AT + length :]


def seal_clear(connection_id: bytes, number: int, length: int, frames: bytes) -> bytes:
    """Suite 0 (4.6)."""
    packet = header(0, connection_id, number, length) + frames
    return packet + crc32c(packet).to_bytes(4, "big")


class Keys:
    """Both directions of one connection, their phases, and which numbers were opened."""

    def __init__(self, send_secret: bytes, receive_secret: bytes):
        self.send_hp, self.receive_hp = header_key(send_secret), header_key(receive_secret)
        self.send_key, self.receive_key = PhaseKey(send_secret), PhaseKey(receive_secret)
        self.next_key = self.receive_key.next()
        self.old_key = None
        self.old_key_ends = 0.0
        self.send_phase = self.receive_phase = 0
        self.lowest, self.highest = float("inf"), -1  # numbers opened in the receiving phase
        self.highest_before = -1  # and of the one before
        self.first_sent_of_phase = 0
        self.largest = -1
        self.opened = 0  # bit 0 is `largest`

    def seal(self, connection_id: bytes, number: int, length: int, frames: bytes) -> bytes:
        return seal(self.send_key, self.send_hp, self.send_phase, connection_id, number, length, frames)

    def open(self, packet: bytes, now: float, probe_timeout: float) -> tuple[int, bytes]:
        bit, number, clear, sealed = unmask(self.receive_hp, packet, self.largest + 1)
        distance = self.largest - number
        if distance >= KEPT_NUMBERS:
            raise Dropped("STALE")
        if distance >= 0 and self.opened >> distance & 1:
            raise Dropped("DUPLICATE")
        key = self._choose(bit, number, now)
        try:
            frames = key.open(number, clear, sealed)
        except (InvalidTag, ValueError):
            raise Dropped("AUTHENTICATION_FAILED") from None
        self._note(key, number, now, probe_timeout)
        if number > self.largest:
            self.opened = (self.opened << number - self.largest | 1) & (1 << KEPT_NUMBERS) - 1
            self.largest = number
        else:
            self.opened |= 1 << distance
        return number, frames

    def _choose(self, bit: int, number: int, now: float) -> PhaseKey:
        """4.4: phase bit and number name one key."""
        if bit == self.receive_phase & 1:
            if number <= self.highest_before:
                raise Dropped("STALE")
            return self.receive_key
        if number < self.lowest:
            if self.receive_phase == 0:
                raise Dropped("AUTHENTICATION_FAILED")
            if self.old_key is None or now >= self.old_key_ends:
                raise Dropped("STALE")
            return self.old_key
        if number < self.highest:
            raise Dropped("AUTHENTICATION_FAILED")
        return self.next_key

    def _note(self, key: PhaseKey, number: int, now: float, probe_timeout: float) -> None:
        if key is self.old_key:
            self.highest_before = max(self.highest_before, number)
            return
        if key is self.next_key:
            self.old_key, self.old_key_ends = self.receive_key, now + 3 * probe_timeout
            self.receive_key, self.next_key = key, key.next()
            self.receive_phase += 1
            self.highest_before = self.highest
            self.lowest, self.highest = number, number
        self.lowest, self.highest = min(self.lowest, number), max(self.highest, number)

    def follow(self, next_number: int) -> None:
        """The peer updated: so do we, with the next packet."""
        if self.send_phase < self.receive_phase:
            self.update(next_number)

    def update(self, next_number: int) -> None:
        self.send_key = self.send_key.next()
        self.send_phase += 1
        self.first_sent_of_phase = next_number
