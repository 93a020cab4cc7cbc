"""One UDP port: handshakes as either role (PROTOCOL.md 8), and the connections behind it."""

import copy
import os
import select
import socket
import time

from . import packets, parameters
from .connection import CLOSED, MAX_WHOLE, NEVER, OPEN, Connection
from .handshake import HandshakeError, NoiseHandshake
from .packets import CONTROL, M1, M2, M3, NOISE, RETRY, Dropped
from .recovery import DATAGRAM

FIRST_REPEAT, EVEN_REPEATS, REPEAT_FACTOR, LONGEST_REPEAT = 0.25, 16, 1.5, 1.0
TRIES_PER_COOKIE = 8
HANDSHAKE_TIMEOUT = 10.0


def acceptable(remote: dict) -> dict:
    """Every end takes messages of 64 KiB (7)."""
    if remote["maxWholeMessage"] < 65536:
        raise parameters.ParameterError("maxWholeMessage")
    return remote


class Attempt:
    """An opening of ours: M1 until M2 comes, then M3 until a packet of the responder opens."""

    def __init__(self, endpoint, address, now):
        self.address = address
        self.id = os.urandom(8)
        self.handshake = NoiseHandshake(endpoint.suite, True, self.id, endpoint.static, None, endpoint.psk)
        self.body = self.handshake.write(b"")
        self.suite = endpoint.suite
        self.cookie = b""
        self.cookie_tries = 0
        self.firsts_sent = 0
        self.refusal = None  # what it says, and after how many M1
        self.m3 = None
        self.connection = None
        self.ends = now + HANDSHAKE_TIMEOUT
        self.interval = FIRST_REPEAT
        self.repeat = now

    def next_m1(self, now: float) -> bytes:
        """M1 again and again: 16 times evenly, then more rarely; a cookie may have grown old (3.4.1, 8.4)."""
        self.firsts_sent += 1
        self.repeat = now + self.interval
        if self.firsts_sent >= EVEN_REPEATS:
            self.interval = min(self.interval * REPEAT_FACTOR, LONGEST_REPEAT)
        if self.cookie:
            self.cookie_tries += 1
            if self.cookie_tries > TRIES_PER_COOKIE:
                self.cookie = b""
        return packets.write_m1(self.suite, self.id, self.cookie, self.body)

    def on_retry(self, cookie: bytes, now: float) -> None:
        """The first cookie at once, a later one with the next repetition (3.4.1)."""
        if not self.cookie:
            self.cookie_tries, self.repeat = 0, now
        self.cookie = cookie

    def on_refused(self, why: str) -> bool:
        """Whether that is believed: it comes again after a further M1 (3.4.3)."""
        again = self.refusal is not None and self.firsts_sent > self.refusal[1]
        self.refusal = (why, self.firsts_sent)
        return again


class HalfOpen:
    """What a responder keeps of an M1: enough to answer a repeated one with the identical M2."""

    def __init__(self, m1, address, handshake, local, m2, now):
        self.m1, self.address, self.handshake, self.local, self.m2 = m1, address, handshake, local, m2
        self.ends = now + HANDSHAKE_TIMEOUT


class Endpoint:
    def __init__(self, bind, window=16384, pre_shared_key=None, update_every=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(bind)
        self.socket.setblocking(False)
        self.static = os.urandom(32)
        self.instance = os.urandom(8)
        self.psk = pre_shared_key
        self.suite = packets.NOISE_PSK if pre_shared_key else NOISE
        self.window = window
        self.update_every = update_every
        self.attempt: Attempt | None = None
        self.half_open: dict[bytes, HalfOpen] = {}
        self.connections: list[Connection] = []
        self.failure: str | None = None
        self.drops: dict[str, int] = {}

    def connect(self, address) -> None:
        self.attempt = Attempt(self, address, time.monotonic())

    def parameters(self, connection_id: bytes) -> dict:
        return parameters.DEFAULTS | {
            "connectionId": connection_id,
            "instanceId": self.instance,
            "initialMaxChannelData": self.window,
            "maxWholeMessage": MAX_WHOLE,
            "maxUdpPayload": 65507,
        }

    def run_once(self, longest: float) -> None:
        """Waits for the next datagram or deadline, then does all that is due."""
        now = time.monotonic()
        wait = min(max(self._next_timeout() - now, 0), longest)
        select.select([self.socket], [], [], wait)
        for _ in range(64):
            try:
                datagram, address = self.socket.recvfrom(65536)
            except (BlockingIOError, ConnectionRefusedError):
                break
            try:
                self._on_datagram(datagram, address, time.monotonic())
            except Dropped as e:
                self.drops[str(e)] = self.drops.get(str(e), 0) + 1
        self._on_timeout(time.monotonic())
        self._transmit(time.monotonic())

    # datagrams in

    def _on_datagram(self, datagram, address, now) -> None:
        packet = packets.read(datagram)
        first = datagram[0]
        if first == M1:
            self._on_m1(packet, address, now)
        elif first == M2:
            self._on_m2(packet, address, now)
        elif first == M3:
            self._on_m3(packet, address, now)
        elif first == CONTROL:
            self._on_control(packet, address, now)
        else:
            self._on_data(packet["bytes"], address, now)

    def _on_m1(self, packet, address, now) -> None:
        if packet["suite"] != self.suite:
            raise Dropped("SECURITY_MISMATCH")
        for known in self.half_open.values():
            if known.m1 == packet and known.address == address:
                self._send(known.m2, address)
                return
        own = os.urandom(8)
        handshake = NoiseHandshake(self.suite, False, packet["connectionId"], self.static, None, self.psk)
        try:
            handshake.read(packet["body"])
            local = self.parameters(own)
            body = handshake.write(parameters.write(local))
        except HandshakeError:
            raise Dropped("MALFORMED_HANDSHAKE") from None
        m2 = packets.write_m2(packet["connectionId"], own, body)
        self.half_open[own] = HalfOpen(packet, address, handshake, local, m2, now)
        self._send(m2, address)

    def _on_m2(self, packet, address, now) -> None:
        attempt = self.attempt
        if attempt is None or attempt.m3 or packet["initiatorId"] != attempt.id:
            raise Dropped("UNEXPECTED_HANDSHAKE")
        handshake = copy.deepcopy(attempt.handshake)
        try:
            remote = acceptable(parameters.read(handshake.read(packet["body"])))
        except HandshakeError:
            raise Dropped("HANDSHAKE_FORGED") from None
        except parameters.ParameterError as e:
            self.failure = f"PARAMETERS: {e}"
            return
        local = self.parameters(attempt.id)
        attempt.m3 = packets.write_m3(remote["connectionId"], handshake.write(parameters.write(local)))
        attempt.repeat = now + FIRST_REPEAT
        attempt.connection = self._connection(True, handshake, local, remote, address, now)
        attempt.connection.control.append({"frame": "PING"})

    def _on_m3(self, packet, address, now) -> None:
        entry = self.half_open.get(packet["connectionId"])
        if entry is not None:
            handshake = copy.deepcopy(entry.handshake)
            try:  # whether it verifies or makes no sense is one to the sender (8.2)
                remote = acceptable(parameters.read(handshake.read(packet["body"])))
            except (HandshakeError, parameters.ParameterError):
                raise Dropped("HANDSHAKE_FORGED") from None
            if remote["connectionId"] != entry.m1["connectionId"]:
                raise Dropped("HANDSHAKE_FORGED")
            del self.half_open[packet["connectionId"]]
            self._connection(False, handshake, entry.local, remote, address, now)
        if packet["data"]:
            self._on_data(packet["data"], address, now)

    def _on_control(self, packet, address, now) -> None:
        attempt = self.attempt
        waits = attempt is not None and not attempt.m3 and packet["connectionId"] == attempt.id
        if not waits or address != attempt.address:
            raise Dropped("UNEXPECTED_HANDSHAKE")
        if packet["kind"] == RETRY:
            attempt.on_retry(packet["cookie"], now)
        elif packet["kind"] == packets.REFUSED:
            self._on_refused(f"refused: {packet['code']}")
        elif packet["kind"] == packets.VERSIONS and packets.VERSION not in packet["versions"]:
            self._on_refused("refused: another version")
        else:
            raise Dropped("UNEXPECTED_HANDSHAKE")

    def _on_refused(self, why) -> None:
        if self.attempt.on_refused(why):
            self.failure = why

    def _on_data(self, packet, address, now) -> None:
        for connection in self.connections:
            if packet[1:9] in connection.known_ids:
                connection.on_packet(packet, address, now)
                return
        for connection in self.connections:
            tokens = [token for _, token in connection.remote_ids.values() if token]
            if len(packet) >= 29 and connection.address == address and packet[-16:] in tokens:
                connection.state, connection.close_text = CLOSED, "PEER_RESTARTED"
                return
        raise Dropped("UNKNOWN_CONNECTION")

    def _connection(self, initiator, handshake, local, remote, address, now) -> Connection:
        connection = Connection(initiator, handshake.secrets(), local, remote, address, now)
        connection.update_every = self.update_every
        self.connections.append(connection)
        return connection

    # timers and datagrams out

    def _next_timeout(self) -> float:
        deadlines = [connection.next_timeout() for connection in self.connections]
        if self.attempt is not None:
            deadlines += [self.attempt.repeat, self.attempt.ends]
        return min(deadlines, default=NEVER)

    def _on_timeout(self, now) -> None:
        attempt = self.attempt
        if attempt is not None and attempt.connection is not None and attempt.connection.confirmed:
            attempt = self.attempt = None
        if attempt is not None and now >= attempt.ends:
            refused = attempt.refusal is not None and attempt.m3 is None
            self.failure = self.failure or (attempt.refusal[0] if refused else "HANDSHAKE_TIMEOUT")
            self.attempt = attempt = None
        if attempt is not None and now >= attempt.repeat:
            if attempt.m3 is None:
                self._send(attempt.next_m1(now), attempt.address)
            else:
                attempt.connection.control.append({"frame": "PING"})
                attempt.repeat = now + FIRST_REPEAT
        for connection in self.connections:
            if now >= connection.next_timeout():
                connection.on_timeout(now)
        self.half_open = {key: entry for key, entry in self.half_open.items() if now < entry.ends}

    def _transmit(self, now) -> None:
        for connection in self.connections:
            for packet, address in connection.poll_answers(now):
                self._send(packet, address)
            for _ in range(64):
                prefix = b""
                if self.attempt is not None and self.attempt.connection is connection and not connection.confirmed:
                    prefix = self.attempt.m3
                packet = connection.poll(now, DATAGRAM - len(prefix))
                if packet is None:
                    break
                self._send(prefix + packet, connection.address)

    def _send(self, datagram, address) -> None:
        try:
            self.socket.sendto(datagram, address)
        except (BlockingIOError, ConnectionRefusedError):
            pass  # as if it were lost


__all__ = ["Endpoint", "OPEN", "CLOSED"]
