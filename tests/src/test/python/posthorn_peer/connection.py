"""One connection after its handshake (PROTOCOL.md 5 to 12): packets in, packets out, time as an argument."""

import os
from collections import deque

from . import frames
from .channels import ReceiveStream, SendStream, chunks
from .frames import LIMIT, PROTOCOL_VIOLATION, FrameError
from .packets import Dropped, number_length
from .protection import Keys
from .recovery import DATAGRAM, Acknowledgements, Recovery, SentPacket

NEVER = float("inf")
MAX_WHOLE = 65536
KEEP_ALIVE = 10.0
LINGER = 3.0
LEAST_ELICITING = 7  # bytes of number and frames, so that a reset can answer (12.2)
FILLED_FROM = 400  # a datagram with a challenge, so that its answer is filled up (9.7)
PROBING = {"PADDING", "PATH_CHALLENGE", "PATH_RESPONSE", "NEW_CONNECTION_ID"}
OPEN, CLOSING, DRAINING, CLOSED = "open", "closing", "draining", "closed"


class Connection:
    def __init__(self, initiator, secrets, local, remote, address, now):
        send, receive = secrets if initiator else reversed(secrets)
        self.initiator = initiator
        self.local, self.remote = local, remote
        self.address = address
        self.keys = Keys(send, receive)
        self.recovery = Recovery()
        self.recovery.peer_ack_delay = remote["maxAckDelay"] / 1e6
        self.acknowledgements = Acknowledgements(local["maxAckDelay"] / 1e6)
        self.sending: dict[int, SendStream] = {}
        self.receiving: dict[int, ReceiveStream] = {}
        self.control: deque[dict] = deque()
        self.received: deque[tuple[int, bytes]] = deque()
        self.state = OPEN
        self.close_code = self.close_text = None
        self.close_frame = None
        self.close_due = False
        self.ends = NEVER
        self.confirmed = not initiator
        self.probes_wanted = 0
        self.challenge = None
        self.answers: list[tuple[bytes, int, object]] = []  # data, bytes of what asked, where it came from
        self.update_every = 0
        self.phase_acknowledged = None  # the newest phase of ours that was, and when
        self.last_heard = self.last_sent = now
        self.idle_from = now
        self.elicited_since_heard = False
        self.drops: dict[str, int] = {}
        self.opened_packets = 0
        # ids: ours by which the peer names us, theirs by sequence
        self.local_ids = {0: local["connectionId"]}
        self.known_ids = {local["connectionId"]}  # retired ones too, for late packets
        self.next_sequence = 1
        self.remote_ids = {0: (remote["connectionId"], remote.get("resetToken"))}
        self.remote_sequence = 0
        self.retire_prior_to = 0
        self._issue_spare_ids()
        if not initiator:
            self.control.append({"frame": "PING"})  # 8.1: at once, so that the initiator is confirmed

    # what the application does

    def send(self, channel: int, message: bytes) -> None:
        self._sending(channel).write(chunks(message))

    def close(self, time: float, code: int = 0, application_code: int = 0, text: str = "") -> None:
        """Everything was acknowledged, or the peer broke a rule: CLOSE, until that is acknowledged (12.1)."""
        if self.state == OPEN:
            self.state = CLOSING
            self.close_code, self.close_text = code, text
            self.close_frame = {
                "frame": "CLOSE",
                "code": code,
                "applicationCode": application_code,
                "text": text.encode()[: frames.MAX_TEXT],
            }
            self.close_due = True
            self.ends = time + LINGER

    def all_acknowledged(self) -> bool:
        return all(stream.all_acknowledged() for stream in self.sending.values())

    # packets in

    def on_packet(self, packet: bytes, address, now: float) -> None:
        try:
            number, payload = self.keys.open(packet, now, self.recovery.probe_timeout())
        except Dropped as e:
            self.count(str(e))
            return
        self.confirmed = True
        self.opened_packets += 1
        self.last_heard = self.idle_from = now
        self.elicited_since_heard = False
        if self.state != OPEN:
            self._on_late(number, payload, now)
            return
        self.keys.follow(self.recovery.next_number)
        eliciting, probing = False, True
        challenge = None
        try:
            for frame in frames.read_all(payload):
                eliciting |= frame["frame"] not in frames.NOT_ELICITING
                probing &= frame["frame"] in PROBING
                if frame["frame"] == "PATH_CHALLENGE":
                    challenge = frame["data"]
                self._on_frame(frame, packet[1:9], now)
                if self.state != OPEN:
                    break
        except FrameError as e:
            self.close(now, e.code, 0, str(e))
            return
        if challenge is not None:
            self.answers.append((challenge, len(packet), address))
        if number == self.keys.largest and address != self.address and not probing:
            self._on_address(address)
        self.acknowledgements.on_opened(number, eliciting or self.state == DRAINING, now)
        if self.state == DRAINING:
            self.acknowledgements.due = now

    def count(self, reason: str) -> None:
        self.drops[reason] = self.drops.get(reason, 0) + 1

    def _on_late(self, number: int, payload: bytes, now: float) -> None:
        """Closing or draining: nothing counts but what ends it, and messages are not accepted (12.1)."""
        eliciting = closed = refused = False
        try:
            for frame in frames.read_all(payload):
                name = frame["frame"]
                eliciting |= name not in frames.NOT_ELICITING
                closed |= name == "CLOSE"
                refused |= name in frames.OF_MESSAGES
                if name in ("ACK", "ACK_ECN"):
                    self._on_ack(frame, now)
        except FrameError:
            return
        if refused:  # but for its ACK, wherever that stood (5.1)
            self.count("CLOSING")
            return
        self.acknowledgements.on_opened(number, eliciting or closed, now)
        if closed:
            self.acknowledgements.due = now
            self._drain(now)

    def _drain(self, now: float) -> None:
        if self.state != DRAINING:
            self.state, self.ends = DRAINING, now + 3 * self.recovery.probe_timeout()

    def _on_address(self, address) -> None:
        self.address = address
        self.challenge = os.urandom(8)
        self.control.append({"frame": "PATH_CHALLENGE", "data": self.challenge})

    def _on_frame(self, frame: dict, destination: bytes, now: float) -> None:
        name = frame["frame"]
        if name in ("ACK", "ACK_ECN"):
            self._on_ack(frame, now)
        elif name in ("CHANNEL_DATA", "CHANNEL_DATA_LAST"):
            stream = self._receiving(frame["channel"])
            for message in stream.on_data(frame["offset"], frame["data"]):
                self.received.append((frame["channel"], message))
        elif name == "CHANNEL_FIN":
            self._receiving(frame["channel"]).on_fin(frame["finalOffset"])
        elif name == "MAX_CHANNEL_DATA":
            self._sending(frame["channel"]).raise_limit(frame["maxOffset"])
        elif name == "CHANNEL_BLOCKED":
            self._receiving(frame["channel"]).on_blocked(frame["limit"])
        elif name in ("MESSAGE", "MESSAGE_PART", "MESSAGE_LATEST", "MESSAGE_ABORT"):
            raise FrameError(LIMIT, "no unordered messages were granted")
        elif name == "NEW_CONNECTION_ID":
            self._on_new_id(frame)
        elif name == "RETIRE_CONNECTION_ID":
            self._on_retired(frame["sequence"], destination)
        elif name == "PATH_RESPONSE":
            if frame["data"] == self.challenge:
                self.challenge = None
        elif name == "ACK_FREQUENCY":
            self.acknowledgements.on_frequency(frame)
        elif name == "CLOSE":
            self.close_code = frame["code"]
            self.close_text = frame["text"].decode("utf-8", "replace")
            self._drain(now)

    def _on_ack(self, frame: dict, now: float) -> None:
        if frame["ranges"][0][1] >= self.recovery.next_number:
            raise FrameError(PROTOCOL_VIOLATION, "an ACK of a packet that was never sent")
        newly, lost = self.recovery.on_ack(frame, now)
        for packet in newly:
            for token in packet.tokens:
                if token[0] == "channel":
                    self.sending[token[1]].on_acknowledged(token[2], token[3])
                elif token[0] == "ack":
                    self.acknowledgements.on_acknowledged(token[1])
                elif token[0] == "close":
                    self._drain(now)
        self._on_lost(lost)
        phase = self.keys.send_phase
        if self.recovery.largest_acknowledged < self.keys.first_sent_of_phase:
            return
        if self.phase_acknowledged is None or self.phase_acknowledged[0] != phase:
            self.phase_acknowledged = (phase, now)
        waited = phase == 0 or now >= self.phase_acknowledged[1] + 3 * self.recovery.probe_timeout()
        sent = self.recovery.next_number - self.keys.first_sent_of_phase
        if self.update_every and sent >= self.update_every and self.keys.receive_phase == phase and waited:
            self.keys.update(self.recovery.next_number)  # 4.4

    def _on_lost(self, lost: list[SentPacket]) -> None:
        for packet in lost:
            self._again(packet)

    def _again(self, packet: SentPacket) -> None:
        for token in packet.tokens:
            if token[0] == "channel":
                self.sending[token[1]].on_lost(token[2], token[3])
            elif token[0] == "limit":
                self.receiving[token[1]].tell_limit = True
            elif token[0] == "blocked":
                self.sending[token[1]].blocked_told = -1
            elif token[0] == "frame":
                self.control.append(token[1])
            elif token[0] == "close":
                self.close_due = True

    def _sending(self, channel: int) -> SendStream:
        if channel not in self.sending:
            self.sending[channel] = SendStream(channel, self.remote["initialMaxChannelData"])
        return self.sending[channel]

    def _receiving(self, channel: int) -> ReceiveStream:
        if channel >= self.local["maxChannels"]:
            raise FrameError(LIMIT, f"channel {channel}")
        if channel not in self.receiving:
            self.receiving[channel] = ReceiveStream(channel, self.local["initialMaxChannelData"], MAX_WHOLE)
        return self.receiving[channel]

    # connection ids (5.12)

    def _issue_spare_ids(self) -> None:
        while len(self.local_ids) < min(2, self.remote["activeConnectionIdLimit"]):
            spare = os.urandom(8)
            self.local_ids[self.next_sequence] = spare
            self.known_ids.add(spare)
            self.control.append(
                {
                    "frame": "NEW_CONNECTION_ID",
                    "sequence": self.next_sequence,
                    "retirePriorTo": 0,
                    "connectionId": spare,
                    "resetToken": os.urandom(16),
                }
            )
            self.next_sequence += 1

    def _on_new_id(self, frame: dict) -> None:
        sequence, pair = frame["sequence"], (frame["connectionId"], frame["resetToken"])
        known = self.remote_ids.get(sequence)
        if known is not None:
            if known[0] != pair[0]:
                raise FrameError(PROTOCOL_VIOLATION, f"connection id {sequence} twice")
            return
        if any(value[0] == pair[0] for value in self.remote_ids.values()):
            raise FrameError(PROTOCOL_VIOLATION, "one connection id under two numbers")
        self.retire_prior_to = max(self.retire_prior_to, frame["retirePriorTo"])
        self.remote_ids[sequence] = pair
        for old in [n for n in self.remote_ids if n < self.retire_prior_to]:
            del self.remote_ids[old]
            self.control.append({"frame": "RETIRE_CONNECTION_ID", "sequence": old})
        if len(self.remote_ids) > self.local["activeConnectionIdLimit"]:
            raise FrameError(LIMIT, "too many connection ids")
        if self.remote_sequence not in self.remote_ids:
            self.remote_sequence = min(self.remote_ids)

    def _on_retired(self, sequence: int, destination: bytes) -> None:
        if sequence >= self.next_sequence:
            raise FrameError(PROTOCOL_VIOLATION, "retirement of an id that was never issued")
        if self.local_ids.get(sequence) == destination:
            raise FrameError(PROTOCOL_VIOLATION, "retirement of the id that the packet came to")
        if self.local_ids.pop(sequence, None) is not None:
            self._issue_spare_ids()

    # packets out

    def poll(self, now: float, room: int = DATAGRAM, may_wait: bool = True) -> bytes | None:
        """The next data packet of at most `room` bytes, or None."""
        if self.state in (CLOSING, DRAINING):
            return self._poll_end(now)
        if self.state != OPEN:
            return None
        probe = self.probes_wanted > 0
        window = probe or self.recovery.in_flight + room <= self.recovery.window
        ack_due = self.acknowledgements.due <= now
        if not (ack_due or probe or self.control or (window and self._has_data()) or not may_wait):
            return None
        number = self.recovery.next_number
        length = max(number_length(number, self.recovery.largest_acknowledged), 2)
        left = room - 9 - length - 16
        payload, tokens, eliciting = b"", [], False

        def put(frame: dict, token: tuple | None) -> bool:
            nonlocal payload, left, eliciting
            written = frames.write(frame)
            if len(written) > left:
                return False
            payload += written
            left -= len(written)
            eliciting |= frame["frame"] not in frames.NOT_ELICITING
            if token is not None:
                tokens.append(token)
            return True

        ack = self.acknowledgements.frame(now)
        if ack is not None:
            put(ack, ("ack", ack["ranges"]))
        while self.control and put(self.control[0], self._token(self.control[0])):
            self.control.popleft()
        for stream in self.receiving.values():
            if stream.tell_limit:
                frame = {"frame": "MAX_CHANNEL_DATA", "channel": stream.channel, "maxOffset": stream.limit}
                stream.tell_limit = not put(frame, ("limit", stream.channel))
        for stream in self.sending.values():
            if stream.blocked() and stream.blocked_told < stream.limit:
                frame = {"frame": "CHANNEL_BLOCKED", "channel": stream.channel, "limit": stream.limit}
                if put(frame, ("blocked", stream.channel)):
                    stream.blocked_told = stream.limit
        for stream in self.sending.values():
            while window and left > 24 and stream.has_data():
                offset, data = stream.take(left - 20)
                frame = {"frame": "CHANNEL_DATA", "channel": stream.channel, "offset": offset, "data": data}
                put(frame, ("channel", stream.channel, offset, offset + len(data)))
        if not payload or probe and not eliciting:
            put({"frame": "PING"}, None)
        return self._packet(number, length, payload, tokens, eliciting, now)

    def poll_answers(self, now: float) -> list[tuple[bytes, object]]:
        """A PATH_RESPONSE for each challenge, and where that came from; not counted in flight (5.13)."""
        packets = []
        for data, asked_with, address in self.answers if self.state == OPEN else []:
            number = self.recovery.next_number
            length = max(number_length(number, self.recovery.largest_acknowledged), 2)
            payload = frames.write({"frame": "PATH_RESPONSE", "data": data})
            if asked_with >= FILLED_FROM:
                payload = payload.ljust(DATAGRAM - 9 - length - 16, b"\0")
            packets.append((self._packet(number, length, payload, [], False, now), address))
        self.answers.clear()
        return packets

    def _packet(self, number, length, payload, tokens, eliciting, now) -> bytes:
        destination = self.remote_ids[self.remote_sequence][0]
        if eliciting:
            payload = payload.ljust(LEAST_ELICITING - length, b"\0")
        packet = self.keys.seal(destination, number, length, payload)
        self.recovery.next_number += 1
        self.recovery.on_sent(SentPacket(number, now, len(packet), eliciting, tokens))
        if eliciting:
            self.probes_wanted = max(self.probes_wanted - 1, 0)
            if not self.elicited_since_heard:
                self.idle_from, self.elicited_since_heard = now, True
        self.last_sent = now
        return packet

    def _poll_end(self, now: float) -> bytes | None:
        closes = self.state == CLOSING and self.close_due
        if not closes and self.acknowledgements.due > now:
            return None
        payload, tokens = b"", []
        ack = self.acknowledgements.frame(now)
        if ack is not None:
            payload += frames.write(ack)
        if closes:
            payload += frames.write(self.close_frame)
            tokens.append(("close",))
            self.close_due = False
        number = self.recovery.next_number
        length = max(number_length(number, self.recovery.largest_acknowledged), 2)
        return self._packet(number, length, payload, tokens, closes, now) if payload else None

    def _token(self, frame: dict) -> tuple | None:
        return ("frame", frame) if frame["frame"] != "PING" else None

    def _has_data(self) -> bool:
        return (
            any(stream.has_data() for stream in self.sending.values())
            or any(stream.blocked() and stream.blocked_told < stream.limit for stream in self.sending.values())
            or any(stream.tell_limit for stream in self.receiving.values())
        )

    # timers (11)

    def next_timeout(self) -> float:
        if self.state == DRAINING:
            return min(self.ends, self.acknowledgements.due)
        if self.state == CLOSING:
            again = min(self.recovery.loss_time(), self.recovery.probe_time())
            return min(self.ends, self.acknowledgements.due, again)
        keep_alive = max(self.last_heard, self.last_sent) + KEEP_ALIVE if self.initiator else NEVER
        return min(
            self.acknowledgements.due,
            self.recovery.loss_time(),
            self.recovery.probe_time(),
            self._idle_ends(),
            keep_alive,
        )

    def _idle_ends(self) -> float:
        timeout = min(self.local["maxIdleTimeout"], self.remote["maxIdleTimeout"]) / 1000
        return self.idle_from + timeout

    def on_timeout(self, now: float) -> None:
        if self.state in (CLOSING, DRAINING):
            self._on_ending(now)
            return
        if now >= self._idle_ends():
            self.state, self.close_text = CLOSED, "IDLE_TIMEOUT"
            return
        if now >= self.recovery.loss_time():
            self._on_lost(self.recovery.detect_lost(now))
        if now >= self.recovery.probe_time():
            self.recovery.probes += 1
            self.recovery.last_eliciting = now
            self.probes_wanted = 2
            for packet in self.recovery.outstanding()[:2]:
                self._again(packet)
        if self.initiator and now >= max(self.last_heard, self.last_sent) + KEEP_ALIVE:
            self.control.append({"frame": "PING"})

    def _on_ending(self, now: float) -> None:
        if now >= self.ends:
            if self.state == CLOSING:
                self._drain(now)
            else:
                self.state = CLOSED
        elif self.state == CLOSING:
            if now >= self.recovery.loss_time():
                self._on_lost(self.recovery.detect_lost(now))
            if now >= self.recovery.probe_time():
                self.recovery.probes += 1
                self.recovery.last_eliciting = now
                self.close_due = True
