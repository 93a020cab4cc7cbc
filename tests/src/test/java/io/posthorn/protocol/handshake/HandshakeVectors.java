package io.posthorn.protocol.handshake;

import static io.posthorn.vectors.VectorText.given;
import static io.posthorn.vectors.VectorText.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.cli.JsonText;
import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.BigEndian;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** PROTOCOL.md §8.2, §8.3: whole handshakes with fixed keys, and the first packets under theirs. */
public final class HandshakeVectors {
  private static final byte[] FRAMES = {1, 0, 0, 0};

  private HandshakeVectors() {}

  /** Given values and all that follows from them, twice for each suite. */
  public static List<JsonText> all() {
    List<JsonText> out = new ArrayList<>();
    for (int suite = 0; suite <= 2; suite++) {
      out.add(vector(suite, suite + " first", false));
      out.add(vector(suite, suite + " second", true));
    }
    return out;
  }

  /** Words that people share, and the key of suite 2 that is stretched from them. */
  public static List<JsonText> preSharedKeys() {
    List<JsonText> out = new ArrayList<>();
    for (String words : List.of("gr\u00fc\u00df correct horse battery staple")) {
      byte[] key = Security.preSharedKey(words.toCharArray()).preSharedKey();
      JsonText json = new JsonText().beginObject().put("words", words);
      out.add(json.put("key", hex(Objects.requireNonNull(key))).endObject());
    }
    return out;
  }

  /** One bit of each body turned: none of them verifies, and the true one still does. */
  public static List<JsonText> forged() {
    List<JsonText> out = new ArrayList<>();
    for (int suite = 0; suite <= 2; suite++) {
      Given given = new Given(suite, suite + " first", false);
      for (int message = 1; message <= 3; message++) {
        for (int place = 0; place < 2; place++) {
          if (suite == 1 && message == 1) {
            continue; // the ephemeral key is in clear and unsealed: any 32 bytes are one
          }
          out.add(forged(given, message, place));
        }
      }
    }
    return out;
  }

  private static JsonText forged(Given given, int message, int place) {
    Handshake initiator = given.initiator();
    Handshake responder = given.responder();
    byte[] payload = new byte[1200];
    byte[] forgery = new byte[0];
    for (int each = 1; each <= message; each++) {
      boolean forth = each != 2;
      byte[] body = given.write(each, forth ? initiator : responder);
      if (each == message) {
        forgery = body.clone();
        forgery[place == 0 ? 7 : body.length - 1] ^= 0x10;
        assertFalse(given.reads(each, forth ? responder : initiator, forgery, payload));
      }
      assertTrue(given.reads(each, forth ? responder : initiator, body, payload));
    }
    JsonText json = new JsonText().beginObject().put("name", given.name);
    json.put("suite", given.suite).put("message", message);
    String drop = message == 1 ? "MALFORMED_HANDSHAKE" : "HANDSHAKE_FORGED";
    return json.put("body", hex(forgery)).put("drop", drop).endObject();
  }

  private static JsonText vector(int suite, String name, boolean token) {
    Given given = new Given(suite, name, token);
    Handshake initiator = given.initiator();
    Handshake responder = given.responder();
    byte[] payload = new byte[1200];
    initiator.keepKeys();
    responder.keepKeys();
    JsonText json = given.json();
    json.put("prologue", hex(Prologue.of(suite, given.connectionId)));
    for (int message = 1; message <= 3; message++) {
      boolean forth = message != 2;
      byte[] body = given.write(message, forth ? initiator : responder);
      assertTrue(given.reads(message, forth ? responder : initiator, body, payload));
      json.put("body" + message, hex(body));
    }
    PacketProtection from;
    PacketProtection to;
    if (initiator instanceof NoiseXX noise && responder instanceof NoiseXX other) {
      json.put("transcriptHash", hex(noise.handshakeHash()));
      String ids = " %016x %016x".formatted(given.connectionId, given.responderId);
      String logged = "POSTHORN_HANDSHAKE_1" + ids + keys(initiator);
      assertEquals(keys(initiator), keys(responder));
      byte[][] secrets = noise.splitSecrets();
      byte[][] theirs = other.splitSecrets();
      assertArrayEquals(secrets[0], theirs[0]);
      assertArrayEquals(secrets[1], theirs[1]);
      json.put("initiatorSecret", hex(secrets[0])).put("responderSecret", hex(secrets[1]));
      json.put("keyLogHandshake", logged);
      json.put(
          "keyLogSecrets",
          "POSTHORN_SECRETS_1" + ids + " " + hex(secrets[0]) + " " + hex(secrets[1]));
      from = new AesGcmProtection(secrets[0], secrets[1], KeyLimits.DEFAULT);
      to = new AesGcmProtection(secrets[1], secrets[0], KeyLimits.DEFAULT);
    } else {
      from = new ChecksumProtection();
      to = new ChecksumProtection();
    }
    json.put("frames", hex(FRAMES));
    json.put("packetOfInitiator", packet(from, to, given.responderId));
    json.put("packetOfResponder", packet(to, from, given.connectionId));
    return json.endObject();
  }

  /** What the key log has of a handshake, PROTOCOL.md §4.8. */
  private static String keys(Handshake ends) {
    StringBuilder all = new StringBuilder();
    ends.revealKeys(
        (first, second, third, hash) ->
            List.of(first, second, third, hash).forEach(each -> all.append(' ').append(hex(each))));
    return all.toString();
  }

  /** Packet number 0 in two bytes. */
  private static String packet(PacketProtection from, PacketProtection to, long destination) {
    byte[] packet = new byte[100];
    int length = from.seal(destination, 0, 2, FRAMES, 0, FRAMES.length, packet, 0);
    assertEquals(FRAMES.length, to.open(packet, 0, length, -1, 0, new byte[100], 0));
    return hex(Arrays.copyOf(packet, length));
  }

  /** What a handshake begins with. */
  private static final class Given {
    final int suite;
    final String name;
    final long connectionId;
    final long responderId;
    final byte[] initiatorParameters;
    final byte[] responderParameters;

    Given(int suite, String name, boolean token) {
      this.suite = suite;
      this.name = name;
      connectionId = BigEndian.getLong(bytes("connection id of the initiator", 8), 0);
      responderId = BigEndian.getLong(bytes("connection id of the responder", 8), 0);
      initiatorParameters = parameters(connectionId, "initiator", token);
      responderParameters = parameters(responderId, "responder", token);
    }

    private byte[] bytes(String what, int length) {
      return given("handshake " + name + ": " + what, length);
    }

    private byte[] parameters(long id, String whose, boolean token) {
      TransportParameters parameters = new TransportParameters();
      parameters.connectionId = id;
      parameters.maxWholeMessageBytes = token ? 1 << 22 : 1 << 16;
      parameters.instanceId = BigEndian.getLong(bytes("instance of the " + whose, 8), 0);
      if (token) {
        parameters.resetToken = bytes("reset token of the " + whose, 16);
        parameters.registrationFingerprint = bytes("fingerprint of the " + whose, 32);
        parameters.initialMaxMessageDataBytes = 1 << 20;
      }
      byte[] out = new byte[600];
      return Arrays.copyOf(out, parameters.encode(out, 0));
    }

    private byte @Nullable [] secret() {
      return suite == 2 ? bytes("pre-shared key", 32) : null;
    }

    Handshake initiator() {
      return suite == 0
          ? ClearHandshake.initiator(connectionId, fixed("initiator"))
          : noise(true, "initiator");
    }

    Handshake responder() {
      return suite == 0
          ? ClearHandshake.responder(connectionId, fixed("responder"))
          : noise(false, "responder");
    }

    private NoiseXX noise(boolean initiator, String whose) {
      return new NoiseXX(
          initiator,
          StaticKey.of(bytes("static key of the " + whose, 32)),
          bytes("ephemeral key of the " + whose, 32),
          Prologue.of(suite, connectionId),
          secret());
    }

    private Random fixed(String whose) {
      byte[] random = bytes("random bytes of the " + whose, 32);
      return new Random(0) {
        @Override
        public void nextBytes(byte[] out) {
          System.arraycopy(random, 0, out, 0, out.length);
        }
      };
    }

    byte[] write(int message, Handshake by) {
      byte[] out = new byte[1200];
      int length =
          switch (message) {
            case 1 -> by.writeFirst(out, 0);
            case 2 -> by.writeSecond(responderParameters, responderParameters.length, out, 0);
            default -> by.writeThird(initiatorParameters, initiatorParameters.length, out, 0);
          };
      return Arrays.copyOf(out, length);
    }

    boolean reads(int message, Handshake by, byte[] body, byte[] payload) {
      return switch (message) {
        case 1 -> by.readFirst(body, 0, body.length);
        case 2 -> by.readSecond(body, 0, body.length, payload) == responderParameters.length;
        default -> by.readThird(body, 0, body.length, payload) == initiatorParameters.length;
      };
    }

    JsonText json() {
      JsonText json = new JsonText().beginObject().put("name", name).put("suite", suite);
      json.put("connectionId", "%016x".formatted(connectionId));
      json.put("responderId", "%016x".formatted(responderId));
      for (String whose : List.of("initiator", "responder")) {
        if (suite == 0) {
          json.put(whose + "Random", hex(bytes("random bytes of the " + whose, 32)));
        } else {
          json.put(whose + "Static", hex(bytes("static key of the " + whose, 32)));
          json.put(whose + "Ephemeral", hex(bytes("ephemeral key of the " + whose, 32)));
        }
      }
      byte[] secret = secret();
      if (secret != null) {
        json.put("preSharedKey", hex(secret));
      }
      json.put("initiatorParameters", hex(initiatorParameters));
      return json.put("responderParameters", hex(responderParameters));
    }
  }
}
