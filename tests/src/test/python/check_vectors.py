#!/usr/bin/env python3
"""Holds this implementation to transport/vectors: `check_vectors.py FOLDER` prints how many it checked."""

import json
import pathlib
import sys

from posthorn_peer import frames, packets, parameters, protection, varint
from posthorn_peer.channels import ReceiveStream
from posthorn_peer.endpoint import acceptable
from posthorn_peer.frames import FrameError
from posthorn_peer.handshake import (
    ClearHandshake,
    HandshakeError,
    NoiseHandshake,
    SymmetricState,
    pre_shared_key,
    prologue,
    public,
)
from posthorn_peer.packets import Dropped

CLOSE_CODES = {
    1: "PROTOCOL_VIOLATION",
    2: "FRAME_ENCODING",
    3: "FLOW_CONTROL",
    4: "LIMIT",
    5: "FINAL_SIZE",
    6: "MESSAGE_TOO_LARGE",
    7: "PARAMETERS",
}


def demand(what, expected, found) -> None:
    if expected != found:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")


def plain(value):
    """Integers above 2^53 - 1 stand as strings of digits."""
    return int(value) if isinstance(value, str) else value


# integers.json


def check_varints(vector):
    data = bytes.fromhex(vector["bytes"])
    value = varint.Reader(data).varint()
    demand("value", plain(vector["value"]), value)
    demand("canonical", vector["canonical"], varint.encode(value) == data)


def check_packet_number_lengths(vector):
    number, acknowledged = plain(vector["number"]), plain(vector["largestAcknowledged"])
    demand("length", vector["length"], packets.number_length(number, acknowledged))


def check_packet_numbers(vector):
    expected = plain(vector["largestOpened"]) + 1
    found = packets.expand_number(plain(vector["onTheWire"]), vector["length"], expected)
    demand("number", plain(vector["number"]), found)


# packets.json


def check_datagrams(vector):
    data = bytes.fromhex(vector["bytes"]) if "bytes" in vector else bytes(vector["zeros"])
    if "drop" in vector:
        demand("drop", vector["drop"], dropped(data))
        return
    packet = packets.read(data)
    wanted = vector["packets"][0]
    demand("fields", wanted, as_json(packet, wanted))
    demand("canonical", True, not vector["canonical"] or written(packet) == data)


def dropped(data):
    try:
        return f"none, {packets.read(data)}"
    except Dropped as e:
        return str(e)


def as_json(packet, wanted):
    out = {}
    for name in wanted:
        value = packet[name]
        if name == "version":
            value = f"{value:08x}"
        elif name == "versions":
            value = [{"version": f"{each:08x}"} for each in value]
        elif isinstance(value, bytes):
            value = value.hex()
        elif name == "code" and value >= 1 << 53:
            value = str(value)
        out[name] = value
    return out


def written(packet):
    kind = packet["packet"]
    if kind == "M1":
        return packets.write_m1(packet["suite"], packet["connectionId"], packet["cookie"], packet["body"])
    if kind == "M2":
        return packets.write_m2(packet["initiatorId"], packet["responderId"], packet["body"])
    if kind == "M3":
        return packets.write_m3(packet["connectionId"], packet["body"]) + packet["data"]
    fields = {
        packets.RETRY: lambda: bytes([len(packet["cookie"])]) + packet["cookie"],
        packets.VERSIONS: lambda: bytes([len(packet["versions"])])
        + b"".join(version.to_bytes(4, "big") for version in packet["versions"]),
        packets.REFUSED: lambda: varint.encode(packet["code"]),
        packets.UNKNOWN_CONNECTION: lambda: packet["echo"],
    }[packet["kind"]]()
    return packets.write_control(packet["kind"], packet["connectionId"], fields)


# frames.json


def check_payloads(vector):
    data = bytes.fromhex(vector["bytes"])
    if "close" in vector:
        demand("close", vector["close"], breach(lambda: list(frames.read_all(data))))
        return
    found = [meaning(frame) for frame in frames.read_all(data)]
    demand("frames", vector["frames"], [frame for frame in found if frame["frame"] != "PADDING"])
    again = b"".join(frames.write(frame) for frame in frames.read_all(data))
    demand("written anew", True, not vector["canonical"] or again == data)


def breach(action):
    try:
        return f"none, {action()}"
    except FrameError as e:
        return CLOSE_CODES[e.code]
    except parameters.ParameterError:
        return "PARAMETERS"


def meaning(frame):
    """What a frame says, whichever of its forms it was written in."""
    frame = dict(frame)
    frame["frame"] = {"CHANNEL_DATA_LAST": "CHANNEL_DATA", "MESSAGE_PART": "MESSAGE"}.get(
        frame["frame"], frame["frame"]
    )
    if frame["frame"] == "MESSAGE" and "totalLength" not in frame:
        frame |= {"totalLength": len(frame["data"]), "offset": 0}
    if "ranges" in frame:
        frame["ranges"] = [{"smallest": number(low), "largest": number(high)} for low, high in frame["ranges"]]
    for name, value in frame.items():
        if name == "text":
            frame[name] = value.decode("utf-8", "replace")
        elif isinstance(value, bytes):
            frame[name] = value.hex()
        elif isinstance(value, int):
            frame[name] = number(value)
    return frame


def number(value):
    return value if value < 1 << 53 else str(value)


# parameters.json


def check_parameters(vector):
    data = bytes.fromhex(vector["bytes"])
    if "close" in vector:
        demand("close", vector["close"], breach(lambda: parameters.read(data)))
        return
    values = parameters.read(data)
    shown = {name: value.hex() if isinstance(value, bytes) else number(value) for name, value in values.items()}
    demand("parameters", vector["parameters"], shown)
    demand("canonical", True, not vector["canonical"] or parameters.write(values) == data)


def check_unacceptable(vector):
    values = parameters.read(bytes.fromhex(vector["bytes"]))
    demand("close", vector["close"], breach(lambda: acceptable(values)))


# channels.json


def check_streams(vector):
    data = bytes.fromhex(vector["bytes"])
    if "close" in vector:
        stream = ReceiveStream(0, 1 << 20, vector["maxWholeMessage"])
        demand("close", vector["close"], breach(lambda: stream.on_data(0, data)))
        return
    for cut in range(1, len(data) + 1):  # wherever it is cut, and in either order
        for order in ((0, cut), (cut, 0)):
            stream = ReceiveStream(0, 1 << 20, 65536)
            found = []
            for start in order:
                part = data[start : cut if start == 0 else len(data)]
                if part:
                    found += stream.on_data(start, part)
            demand("messages", [message["body"] for message in vector["messages"]], [m.hex() for m in found])


# handshakes.json


def sides(vector):
    suite, connection_id = vector["suite"], bytes.fromhex(vector["connectionId"])
    if suite == packets.CLEAR:
        return [ClearHandshake(connection_id, bytes.fromhex(vector[f"{who}Random"])) for who in WHO]
    psk = bytes.fromhex(vector.get("preSharedKey", ""))
    return [
        NoiseHandshake(
            suite,
            who == "initiator",
            connection_id,
            bytes.fromhex(vector[f"{who}Static"]),
            bytes.fromhex(vector[f"{who}Ephemeral"]),
            psk,
        )
        for who in WHO
    ]


WHO = ("initiator", "responder")


def bodies(vector):
    """Runs the handshake; returns both sides and the three bodies."""
    initiator, responder = sides(vector)
    payloads = [b""] + [bytes.fromhex(vector[f"{who}Parameters"]) for who in ("responder", "initiator")]
    out = []
    for index, (writer, reader) in enumerate(
        ((initiator, responder), (responder, initiator), (initiator, responder))
    ):
        body = writer.write(payloads[index])
        demand(f"body{index + 1}", vector[f"body{index + 1}"], body.hex())
        demand("payload", payloads[index], reader.read(body))
        out.append(body)
    return initiator, responder, out


def check_handshakes(vector):
    if "drop" in vector:
        check_forged(vector)
        return
    initiator, responder, messages = bodies(vector)
    for who in WHO:
        acceptable(parameters.read(bytes.fromhex(vector[f"{who}Parameters"])))
    demand("prologue", vector["prologue"], prologue(vector["suite"], bytes.fromhex(vector["connectionId"])).hex())
    contents = bytes.fromhex(vector["frames"])
    to_responder, to_initiator = bytes.fromhex(vector["responderId"]), bytes.fromhex(vector["connectionId"])
    if vector["suite"] == packets.CLEAR:
        forth = protection.seal_clear(to_responder, 0, 2, contents)
        back = protection.seal_clear(to_initiator, 0, 2, contents)
    else:
        demand("transcript hash", vector["transcriptHash"], initiator.state.hash.hex())
        secrets = initiator.secrets()
        demand("secrets", secrets, responder.secrets())
        demand("secrets", [vector["initiatorSecret"], vector["responderSecret"]], [s.hex() for s in secrets])
        check_key_log(vector, messages)
        demand("identity", public(bytes.fromhex(vector["responderStatic"])), initiator.remote_static)
        demand("identity", public(bytes.fromhex(vector["initiatorStatic"])), responder.remote_static)
        first = protection.Keys(secrets[0], secrets[1])
        second = protection.Keys(secrets[1], secrets[0])
        forth = first.seal(to_responder, 0, 2, contents)
        back = second.seal(to_initiator, 0, 2, contents)
        demand("opens", (0, contents), second.open(forth, 0, 1))
        demand("opens", (0, contents), first.open(back, 0, 1))
    demand("packet of the initiator", vector["packetOfInitiator"], forth.hex())
    demand("packet of the responder", vector["packetOfResponder"], back.hex())


def check_key_log(vector, messages):
    """Who has the log and a capture of the bodies, and no key of either side, opens them (4.8)."""
    ids = [vector["connectionId"], vector["responderId"]]
    label, *given = vector["keyLogHandshake"].split(" ")
    demand("label", ["POSTHORN_HANDSHAKE_1", *ids], [label, *given[:2]])
    key1, key2, key3, last_hash = (bytes.fromhex(field) for field in given[2:])
    secrets = [vector["initiatorSecret"], vector["responderSecret"]]
    demand("key log", ["POSTHORN_SECRETS_1", *ids, *secrets], vector["keyLogSecrets"].split(" "))
    psk = b"psk3" if vector["suite"] == packets.NOISE_PSK else b""
    state = SymmetricState(b"Noise_XX" + psk + b"_25519_AESGCM_SHA256")
    state.mix_hash(prologue(vector["suite"], bytes.fromhex(vector["connectionId"])))
    first, second, third = messages
    state.mix_hash(first[:32])
    state.mix_hash(first[32:])
    state.mix_hash(second[:32])

    def opened(key, nonce, sealed):
        state.key, state.nonce = key, nonce
        return state.open(sealed)

    demand("static key", public(bytes.fromhex(vector["responderStatic"])), opened(key1, 0, second[32:80]))
    demand("parameters", vector["responderParameters"], opened(key2, 0, second[80:]).hex())
    demand("static key", public(bytes.fromhex(vector["initiatorStatic"])), opened(key2, 1, third[:48]))
    if not psk:
        demand("hash", last_hash, state.hash)
    state.hash = last_hash
    demand("parameters", vector["initiatorParameters"], opened(key3, 0, third[48:]).hex())
    demand("transcript hash", vector["transcriptHash"], state.hash.hex())


HANDSHAKES = {}


def check_forged(vector):
    whole = HANDSHAKES[vector["name"]]
    initiator, responder = sides(whole)
    pairs = ((initiator, responder), (responder, initiator), (initiator, responder))
    payloads = [b""] + [bytes.fromhex(whole[f"{who}Parameters"]) for who in ("responder", "initiator")]
    for index, (writer, reader) in enumerate(pairs[: vector["message"]]):
        body = writer.write(payloads[index])
        if index + 1 < vector["message"]:
            reader.read(body)
    demand("drop", "MALFORMED_HANDSHAKE" if vector["message"] == 1 else "HANDSHAKE_FORGED", vector["drop"])
    forged = bytes.fromhex(vector["body"])
    demand("one bit", 1, bin(int.from_bytes(forged, "big") ^ int.from_bytes(body, "big")).count("1"))
    try:
        reader.read(forged)
    except HandshakeError:
        return
    raise AssertionError("a forged body verified")


def check_pre_shared_keys(vector):
    demand("key", vector["key"], pre_shared_key(vector["words"]).hex())


# keys.json

PHASES = {}


def check_phases(vector):
    key = protection.PhaseKey(bytes.fromhex(vector["secret"]))
    demand("key", vector["key"], key.key.hex())
    demand("iv", vector["iv"], key.iv.hex())
    demand("next", vector["next"], key.next().secret.hex())
    PHASES[vector["phase"]] = key
    demand("hp", vector["headerProtectionKey"], protection.header_key(PHASES[0].secret).hex())


def check_sealed(vector):
    key, hp = PHASES[vector["phase"]], protection.header_key(PHASES[0].secret)
    value, length = plain(vector["number"]), vector["numberLength"]
    destination, contents = bytes.fromhex(vector["connectionId"]), bytes.fromhex(vector["frames"])
    packet = protection.seal(key, hp, vector["phase"], destination, value, length, contents)
    demand("packet", vector["packet"], packet.hex())
    demand("nonce", vector["nonce"], key.nonce(value).hex())
    bit, found, clear, sealed = protection.unmask(hp, packet, plain(vector["largestOpened"]) + 1)
    demand("header", vector["header"], clear.hex())
    demand("number", (vector["phase"] & 1, value), (bit, found))
    demand("frames", contents, key.open(found, clear, sealed))


def check_clear(vector):
    packet = protection.seal_clear(
        bytes.fromhex(vector["connectionId"]),
        vector["number"],
        vector["numberLength"],
        bytes.fromhex(vector["frames"]),
    )
    demand("packet", vector["packet"], packet.hex())


RECEIVER = []


def check_packets(vector):
    """In the order of the file: one receiver sees them all."""
    if not RECEIVER:
        RECEIVER.append(protection.Keys(bytes(32), PHASES[0].secret))
    keys = RECEIVER[0]
    demand("largest opened", vector["largestOpened"], keys.largest)
    try:
        _, contents = keys.open(bytes.fromhex(vector["packet"]), vector["atMillis"] / 1000, 1.0)
        found = {"frames": contents.hex()}
    except Dropped as e:
        found = {"drop": str(e)}
    demand("outcome", {key: vector[key] for key in ("frames", "drop") if key in vector}, found)


CHECKS = {
    "varints": check_varints,
    "packetNumberLengths": check_packet_number_lengths,
    "packetNumbers": check_packet_numbers,
    "datagrams": check_datagrams,
    "payloads": check_payloads,
    "parameters": check_parameters,
    "unacceptable": check_unacceptable,
    "streams": check_streams,
    "handshakes": check_handshakes,
    "preSharedKeys": check_pre_shared_keys,
    "phases": check_phases,
    "sealed": check_sealed,
    "clear": check_clear,
    "packets": check_packets,
}


def main() -> int:
    failures = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        checked = 0
        for name, vectors in json.loads(path.read_text(encoding="utf-8")).items():
            for vector in vectors:
                if name == "handshakes" and "drop" not in vector:
                    HANDSHAKES[vector["name"]] = vector
                try:
                    CHECKS[name](vector)
                except Exception as e:  # each failure is told, and the rest still checked
                    failures += 1
                    print(f"{path.name}: {name}: {type(e).__name__}: {e}: {json.dumps(vector)[:300]}", file=sys.stderr)
                checked += 1
        print(f"{path.name}: {checked} vectors")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
