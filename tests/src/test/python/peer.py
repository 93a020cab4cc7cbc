#!/usr/bin/env python3
"""A Posthorn peer in Python: `peer.py listen` or `peer.py connect HOST:PORT`.

Each line of standard input is one message on channel 0, each message received one line on standard output.
What happened is one JSON object on standard error at the end.
"""

import argparse
import json
import sys
import time

from posthorn_peer.connection import CLOSED, OPEN
from posthorn_peer.endpoint import Endpoint
from posthorn_peer.handshake import pre_shared_key


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["listen", "connect"])
    parser.add_argument("address", help="HOST:PORT; port 0 takes a free one")
    parser.add_argument("--echo", action="store_true", help="send each message back")
    parser.add_argument("--replies", type=int, default=0, help="close after so many messages came")
    parser.add_argument("--window", type=int, default=16384, help="credit granted to a channel, in bytes")
    parser.add_argument("--update-every", type=int, default=0, help="new keys after so many packets")
    parser.add_argument("--words", help="a secret that both have; the pre-shared key is stretched from it")
    parser.add_argument("--seconds", type=float, default=60, help="give up after")
    options = parser.parse_args()
    host, port = options.address.rsplit(":", 1)
    secret = pre_shared_key(options.words) if options.words else None
    listens = options.role == "listen"
    bind = (host, int(port)) if listens else ("0.0.0.0", 0)
    endpoint = Endpoint(bind, options.window, secret, options.update_every)
    if listens:
        print(f"listening on {host}:{endpoint.socket.getsockname()[1]}", file=sys.stderr, flush=True)
        messages = []
    else:
        endpoint.connect((host, int(port)))
        messages = [line.rstrip(b"\n") for line in sys.stdin.buffer]
    return run(endpoint, messages, options)


def run(endpoint: Endpoint, messages: list[bytes], options) -> int:
    gives_up = time.monotonic() + options.seconds
    received = 0
    connection = None
    while time.monotonic() < gives_up and not endpoint.failure:
        endpoint.run_once(min(0.5, gives_up - time.monotonic()))
        if connection is None and endpoint.connections:
            connection = endpoint.connections[0]
            for message in messages:
                connection.send(0, message)
        if connection is None:
            continue
        while connection.received:
            channel, message = connection.received.popleft()
            received += 1
            sys.stdout.buffer.write(message + b"\n")
            if options.echo:
                connection.send(channel, message)
        sys.stdout.buffer.flush()
        if connection.state == CLOSED:
            break
        done = received >= options.replies and options.role == "connect" or 0 < options.replies <= received
        if done and connection.state == OPEN and connection.confirmed and connection.all_acknowledged():
            connection.close(time.monotonic())
    report(endpoint, connection, received)
    return 0 if connection is not None and connection.state == CLOSED and connection.close_code == 0 else 1


def report(endpoint: Endpoint, connection, received: int) -> None:
    facts = {"failure": endpoint.failure, "received": received, "drops": endpoint.drops}
    if connection is not None:
        facts |= {
            "state": connection.state,
            "closeCode": connection.close_code,
            "closeText": connection.close_text,
            "packetsSent": connection.recovery.next_number,
            "packetsOpened": connection.opened_packets,
            "packetsLost": connection.recovery.lost_packets,
            "sendPhase": connection.keys.send_phase,
            "receivePhase": connection.keys.receive_phase,
            "packetDrops": connection.drops,
        }
    print(json.dumps(facts), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
