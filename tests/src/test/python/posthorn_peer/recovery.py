"""Recovery (PROTOCOL.md 9): what was sent, round trips, loss, probes, the congestion window, and ACKs."""

from .ranges import RangeSet

PACKET_THRESHOLD = 3
GRANULARITY = 0.001
INITIAL_RTT = 0.25
DATAGRAM = 1200


class SentPacket:
    def __init__(self, number, sent, size, eliciting, tokens):
        self.number = number
        self.sent = sent
        self.size = size
        self.eliciting = eliciting
        self.tokens = tokens  # what was in it: (kind, …), which goes again if it is lost


class Recovery:
    def __init__(self):
        self.packets: dict[int, SentPacket] = {}
        self.largest_acknowledged = -1
        self.next_number = 0
        self.smoothed = INITIAL_RTT
        self.variance = INITIAL_RTT / 2
        self.latest = self.minimum = None
        self.peer_ack_delay = 0.025
        self.probes = 0
        self.last_eliciting = 0.0
        self.in_flight = 0
        self.window = 10 * DATAGRAM
        self.slow_start_until = float("inf")
        self.recovery_began = -1.0
        self.lost_packets = 0

    def probe_timeout(self) -> float:
        return self.smoothed + max(4 * self.variance, GRANULARITY) + self.peer_ack_delay

    def on_sent(self, packet: SentPacket) -> None:
        self.packets[packet.number] = packet
        if packet.eliciting:
            self.in_flight += packet.size
            self.last_eliciting = packet.sent

    def on_ack(self, frame: dict, now: float) -> tuple[list[SentPacket], list[SentPacket]]:
        """The packets newly acknowledged, and those that it shows to be lost (RFC 9002 A.7)."""
        newly = []
        for low, high in frame["ranges"]:
            for number in [n for n in self.packets if low <= n <= high]:
                newly.append(self.packets.pop(number))
        if not newly:
            return [], []
        largest = max(newly, key=lambda packet: packet.number)
        if largest.number == frame["ranges"][0][1] and any(p.eliciting for p in newly):
            self._sample(now - largest.sent, frame["delay"] / 1e6)
        self.largest_acknowledged = max(self.largest_acknowledged, largest.number)
        for packet in newly:
            if packet.eliciting:
                self.in_flight -= packet.size
                if packet.sent > self.recovery_began:
                    slow = self.window < self.slow_start_until
                    self.window += packet.size if slow else DATAGRAM * packet.size // self.window
        self.probes = 0
        return newly, self.detect_lost(now)

    def _sample(self, latest: float, delay: float) -> None:
        first = self.latest is None
        self.latest = latest
        if first:
            self.minimum, self.smoothed, self.variance = latest, latest, latest / 2
            return
        self.minimum = min(self.minimum, latest)
        delay = min(delay, self.peer_ack_delay)
        adjusted = latest - delay if latest - delay >= self.minimum else latest
        self.variance = 0.75 * self.variance + 0.25 * abs(self.smoothed - adjusted)
        self.smoothed = 0.875 * self.smoothed + 0.125 * adjusted

    def _loss_delay(self) -> float:
        return max(9 / 8 * max(self.smoothed, self.latest or 0), GRANULARITY)

    def detect_lost(self, now: float) -> list[SentPacket]:
        lost = []
        for packet in list(self.packets.values()):
            before = packet.number < self.largest_acknowledged
            late = packet.sent + self._loss_delay() <= now
            if before and (late or packet.number <= self.largest_acknowledged - PACKET_THRESHOLD):
                lost.append(self.packets.pop(packet.number))
                if packet.eliciting:
                    self.in_flight -= packet.size
        elicited = [packet for packet in lost if packet.eliciting]
        self.lost_packets += len(elicited)
        if elicited and max(packet.sent for packet in elicited) > self.recovery_began:
            self.recovery_began = now
            self.window = max(self.window // 2, 2 * DATAGRAM)
            self.slow_start_until = self.window
        return lost

    def outstanding(self) -> list[SentPacket]:
        return [packet for packet in self.packets.values() if packet.eliciting]

    def loss_time(self) -> float:
        times = [p.sent for p in self.packets.values() if p.number < self.largest_acknowledged]
        return min(times) + self._loss_delay() if times else float("inf")

    def probe_time(self) -> float:
        if not self.outstanding():
            return float("inf")
        timeout = self.probe_timeout()
        backed_off = min(timeout * 2**self.probes, max(timeout, self.smoothed + 0.1))
        return self.last_eliciting + backed_off


class Acknowledgements:
    """Which packets were opened, and when to say so (9.1)."""

    def __init__(self, max_delay: float):
        self.received = RangeSet()
        self.max_delay = self.announced = max_delay
        self.every = 2
        self.frequency_sequence = -1
        self.largest = -1
        self.largest_at = 0.0
        self.unacknowledged = 0
        self.due = float("inf")

    def on_opened(self, number: int, eliciting: bool, now: float) -> None:
        in_order = number == self.largest + 1
        self.received.add(number, number + 1)
        if number > self.largest:
            self.largest, self.largest_at = number, now
        if eliciting:
            self.unacknowledged += 1
            at_once = not in_order or self.unacknowledged >= self.every
            self.due = min(self.due, now if at_once else now + self.max_delay)

    def on_frequency(self, frame: dict) -> None:
        if frame["sequence"] > self.frequency_sequence:
            self.frequency_sequence = frame["sequence"]
            self.every = frame["packets"]
            self.max_delay = min(self.announced, frame["maxDelay"] / 1e6)

    def frame(self, now: float) -> dict | None:
        if not self.received:
            return None
        newest = self.received.ranges[-64:]
        delay = min(int((now - self.largest_at) * 1e6), (1 << 24) - 1)
        self.unacknowledged = 0
        self.due = float("inf")
        return {"frame": "ACK", "delay": delay, "ranges": [[low, high - 1] for low, high in reversed(newest)]}

    def on_acknowledged(self, reported: list) -> None:
        """An ACK with these ranges was itself acknowledged: only the newest number need be told again."""
        for low, high in reported:
            self.received.remove(low, min(high + 1, self.largest))
