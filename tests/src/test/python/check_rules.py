#!/usr/bin/env python3
"""Holds this implementation to rules of PROTOCOL.md that no vector shows: prints how many it checked."""

import sys

from posthorn_peer import frames, packets, parameters
from posthorn_peer.connection import CLOSING, DRAINING, Connection
from posthorn_peer.endpoint import Endpoint
from posthorn_peer.packets import Dropped
from posthorn_peer.protection import Keys

HERE, ELSEWHERE = ("127.0.0.1", 1), ("127.0.0.1", 2)
SECRETS = (bytes(32), bytes([1]) * 32)


def demand(what, expected, found) -> None:
    if expected != found:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")


class Pair:
    """A responder, and the keys of its peer, who says whatever a check wants."""

    def __init__(self):
        local, remote = (
            parameters.DEFAULTS
            | {"connectionId": bytes([side]) * 8, "instanceId": bytes(8), "initialMaxChannelData": 1000}
            for side in (1, 2)
        )
        self.connection = Connection(False, SECRETS, local, remote, HERE, 0.0)
        self.keys = Keys(*SECRETS)
        self.number = 0

    def say(self, *said, now=0.0, address=HERE) -> None:
        payload = b"".join(frames.write(frame) for frame in said)
        packet = self.keys.seal(bytes([1]) * 8, self.number, 2, payload)
        self.number += 1
        self.connection.on_packet(packet, address, now)

    def ack(self, now=0.0) -> None:
        newest = self.connection.recovery.next_number - 1
        self.say({"frame": "ACK", "delay": 0, "ranges": [[0, newest]]}, now=now)

    def hear(self, now=0.0) -> list[bytes]:
        heard = []
        while (packet := self.connection.poll(now)) is not None:
            heard.append(packet)
        return heard

    def opened(self, packet: bytes) -> list[str]:
        return [frame["frame"] for frame in frames.read_all(self.keys.open(packet, 0.0, 1.0)[1])]


def check_first_messages_go_evenly_at_first():
    attempt = opening()[1]
    gaps = []
    now = 0.0
    for _ in range(20):
        attempt.next_m1(now)
        gaps.append(attempt.repeat - now)
        now = attempt.repeat
    demand("gaps (8.4)", [0.25] * 16, [round(gap, 3) for gap in gaps[:16]])
    demand("later ones (8.4)", 1.0, gaps[-1])


def opening():
    endpoint = Endpoint(("127.0.0.1", 0))
    endpoint.socket.close()
    endpoint.connect(HERE)
    return endpoint, endpoint.attempt


def check_refused_is_believed_the_second_time():
    endpoint, attempt = opening()
    refused = packets.write_control(packets.REFUSED, attempt.id, bytes([9]))
    attempt.next_m1(0.0)
    for _ in range(2):
        endpoint._on_datagram(refused, HERE, 0.0)
    demand("one M1, refused twice (3.4.3)", None, endpoint.failure)
    attempt.next_m1(0.0)
    demand("from elsewhere (3.4.3)", "UNEXPECTED_HANDSHAKE", dropped(endpoint, refused))
    demand("from elsewhere (3.4.3)", None, endpoint.failure)
    endpoint._on_datagram(refused, HERE, 0.0)
    demand("after a further M1 (3.4.3)", "refused: 9", endpoint.failure)


def dropped(endpoint, datagram):
    try:
        endpoint._on_datagram(datagram, ELSEWHERE, 0.0)
        return "none"
    except Dropped as e:
        return str(e)


def check_a_cookie_counts_from_where_it_was_asked_for():
    endpoint, attempt = opening()
    retry = packets.write_control(packets.RETRY, attempt.id, b"\2ab")
    demand("from elsewhere (3.4.1)", "UNEXPECTED_HANDSHAKE", dropped(endpoint, retry))
    endpoint._on_datagram(retry, HERE, 0.0)
    tries = [packets.read(attempt.next_m1(0.0))["cookie"] for _ in range(9)]
    demand("eight times (3.4.1)", [b"ab"] * 8 + [b""], tries)


def check_what_asks_for_an_answer_can_be_reset():
    pair = Pair()
    pair.hear()
    pair.connection.control.append({"frame": "PING"})
    demand("number and frames (12.2)", [9 + 7 + 16], [len(packet) for packet in pair.hear()])


def check_who_only_probes_stays_where_it_is():
    pair = Pair()
    pair.hear()
    pair.say({"frame": "PATH_CHALLENGE", "data": bytes(8)}, address=ELSEWHERE)
    demand("path (9.7)", HERE, pair.connection.address)
    answers = pair.connection.poll_answers(0.0)
    demand("answered (5.13)", [ELSEWHERE], [address for _, address in answers])
    demand("answer (5.13)", ["PATH_RESPONSE"], pair.opened(answers[0][0]))
    pair.say({"frame": "PING"}, address=ELSEWHERE)
    demand("path (9.7)", ELSEWHERE, pair.connection.address)


def check_a_packet_that_breaks_a_rule_moves_nothing():
    pair = Pair()
    pair.say({"frame": "RETIRE_CONNECTION_ID", "sequence": 99}, address=ELSEWHERE)
    demand("state", CLOSING, pair.connection.state)
    demand("path (9.7)", HERE, pair.connection.address)


def check_the_ack_in_a_refused_packet_counts():
    pair = Pair()
    pair.hear()
    pair.connection.close(0.0)
    pair.hear()
    newest = pair.connection.recovery.next_number - 1
    part = {"frame": "CHANNEL_DATA", "channel": 0, "offset": 0, "data": b"\0"}
    pair.say(part, {"frame": "ACK", "delay": 0, "ranges": [[0, newest]]})
    demand("CLOSE was acknowledged (5.1)", DRAINING, pair.connection.state)
    demand("refused (5.1)", {"CLOSING": 1}, pair.connection.drops)


def check_keys_are_renewed_some_time_after_the_acknowledgement():
    pair = Pair()
    connection = pair.connection
    connection.update_every = 1
    pair.hear()
    pair.ack()
    demand("phase 0 need not wait (4.4)", 1, connection.keys.send_phase)
    pair.keys.receive_key, pair.keys.send_key = pair.keys.receive_key.next(), pair.keys.send_key.next()
    pair.keys.send_phase = 1
    connection.control.append({"frame": "PING"})
    pair.hear(100.0)
    pair.ack(100.0)
    demand("just acknowledged (4.4)", 1, connection.keys.send_phase)
    connection.control.append({"frame": "PING"})
    pair.hear(200.0)
    pair.ack(200.0)
    demand("three probe timeouts later (4.4)", 2, connection.keys.send_phase)


def main() -> int:
    checks = {name: check for name, check in globals().items() if name.startswith("check_")}
    failures = 0
    for name, check in checks.items():
        try:
            check()
        except Exception as e:  # each failure is told, and the rest still checked
            failures += 1
            print(f"{name}: {type(e).__name__}: {e}", file=sys.stderr)
    print(f"{len(checks)} rules")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
