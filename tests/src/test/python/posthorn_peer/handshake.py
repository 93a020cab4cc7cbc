"""The handshake's three bodies (PROTOCOL.md 8.2, 8.3): Noise XX, XXpsk3, and the clear suite."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .crc32c import crc32c
from .packets import CLEAR, NOISE_PSK, VERSION


class HandshakeError(Exception):
    """A body that does not verify: it changes nothing."""


def prologue(suite: int, initiator_id: bytes) -> bytes:
    return b"posthorn" + VERSION.to_bytes(4, "big") + bytes([suite]) + initiator_id


def pre_shared_key(words: str) -> bytes:
    """The key of suite 2 from words that people share (8.2)."""
    return hashlib.pbkdf2_hmac("sha256", words.encode(), b"posthorn pre-shared secret", 600_000)


def public(private: bytes) -> bytes:
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _agree(private: bytes, remote: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(remote))
    except ValueError:  # all zeros
        raise HandshakeError("a weak key") from None


class SymmetricState:
    """Noise revision 34, 5.2, with AESGCM and SHA256."""

    def __init__(self, name: bytes):
        self.hash = name.ljust(32, b"\0") if len(name) <= 32 else hashlib.sha256(name).digest()
        self.chaining_key = self.hash
        self.key = None
        self.nonce = 0

    def _hkdf(self, material: bytes, outputs: int) -> list[bytes]:
        temporary = hmac.digest(self.chaining_key, material, "sha256")
        result, last = [], b""
        for index in range(1, outputs + 1):
            last = hmac.digest(temporary, last + bytes([index]), "sha256")
            result.append(last)
        return result

    def mix_hash(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, material: bytes) -> None:
        self.chaining_key, self.key = self._hkdf(material, 2)
        self.nonce = 0

    def mix_key_and_hash(self, material: bytes) -> None:
        self.chaining_key, mixed, self.key = self._hkdf(material, 3)
        self.mix_hash(mixed)
        self.nonce = 0

    def seal(self, plain: bytes) -> bytes:
        if self.key is None:
            sealed = plain
        else:
            sealed = AESGCM(self.key).encrypt(bytes(4) + self.nonce.to_bytes(8, "big"), plain, self.hash)
            self.nonce += 1
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        if self.key is None:
            plain = sealed
        else:
            try:
                plain = AESGCM(self.key).decrypt(bytes(4) + self.nonce.to_bytes(8, "big"), sealed, self.hash)
            except (InvalidTag, ValueError):
                raise HandshakeError("a tag that does not verify") from None
            self.nonce += 1
        self.mix_hash(sealed)
        return plain

    def split(self) -> tuple[bytes, bytes]:
        first, second = self._hkdf(b"", 2)
        return first, second


class NoiseHandshake:
    """One side of a Noise handshake; each method is one body written or read."""

    PATTERNS = (["e"], ["e", "ee", "s", "es"], ["s", "se"])

    def __init__(self, suite, initiator, initiator_id, static, ephemeral=None, pre_shared_key=None):
        psk = suite == NOISE_PSK
        name = b"Noise_XXpsk3_25519_AESGCM_SHA256" if psk else b"Noise_XX_25519_AESGCM_SHA256"
        self.state = SymmetricState(name)
        self.state.mix_hash(prologue(suite, initiator_id))
        self.initiator = initiator
        self.static = static
        self.ephemeral = ephemeral or os.urandom(32)
        self.remote_static = self.remote_ephemeral = b""
        self.pre_shared_key = pre_shared_key if psk else None
        self.step = 0

    def write(self, payload: bytes) -> bytes:
        out = b""
        for token in self._tokens():
            if token == "e":
                key = public(self.ephemeral)
                self._mix_ephemeral(key)
                out += key
            elif token == "s":
                out += self.state.seal(public(self.static))
            else:
                self._mix(token)
        return out + self.state.seal(payload)

    def read(self, body: bytes) -> bytes:
        """The payload. After a HandshakeError this object is spoilt: read with a copy."""
        at = 0
        for token in self._tokens():
            if token == "e":
                self.remote_ephemeral = body[at : at + 32]
                if len(self.remote_ephemeral) < 32:
                    raise HandshakeError("a body that is too short")
                self._mix_ephemeral(self.remote_ephemeral)
                at += 32
            elif token == "s":
                self.remote_static = self.state.open(body[at : at + 48])
                at += 48
            else:
                self._mix(token)
        return self.state.open(body[at:])

    def _tokens(self) -> list[str]:
        tokens = self.PATTERNS[self.step]
        self.step += 1
        return tokens + ["psk"] if self.pre_shared_key is not None and self.step == 3 else tokens

    def _mix_ephemeral(self, key: bytes) -> None:
        self.state.mix_hash(key)
        if self.pre_shared_key is not None:  # Noise 9.2
            self.state.mix_key(key)

    def _mix(self, token: str) -> None:
        if token == "psk":
            self.state.mix_key_and_hash(self.pre_shared_key)
        elif token == "ee":
            self.state.mix_key(_agree(self.ephemeral, self.remote_ephemeral))
        elif (token == "es") == self.initiator:
            self.state.mix_key(_agree(self.ephemeral, self.remote_static))
        else:
            self.state.mix_key(_agree(self.static, self.remote_ephemeral))

    def secrets(self) -> tuple[bytes, bytes]:
        """For packets from the initiator, and from the responder (4.1)."""
        return self.state.split()


class ClearHandshake:
    """Suite 0: a chain of checksums in the place of keys (8.3)."""

    def __init__(self, initiator_id: bytes, random: bytes | None = None):
        self.random = random or os.urandom(32)
        self.chain = crc32c(prologue(CLEAR, initiator_id)).to_bytes(4, "big")
        self.step = 0

    def write(self, payload: bytes) -> bytes:
        body = (self.random if self.step < 2 else b"") + payload
        self.step += 1
        self.chain = crc32c(self.chain + body).to_bytes(4, "big")
        return body + self.chain

    def read(self, body: bytes) -> bytes:
        content, checksum = body[:-4], body[-4:]
        if crc32c(self.chain + content).to_bytes(4, "big") != checksum:
            raise HandshakeError("a checksum that does not match")
        self.chain = checksum
        self.step += 1
        return content[32:] if self.step < 3 else content
