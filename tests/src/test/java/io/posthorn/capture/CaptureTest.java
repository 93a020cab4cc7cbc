package io.posthorn.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.trace.TracedFrames;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures: what is read, what is decrypted, what is written. */
class CaptureTest {
  private static final long THERE = 0x1122334455667788L;
  private static final long BACK = 0x7766554433221100L;

  @TempDir private Path folder = Path.of("");

  private List<CapturedDatagram> readAll(Path file) throws IOException {
    List<CapturedDatagram> all = new ArrayList<>();
    try (CaptureReader in = new CaptureReader(file)) {
      for (CapturedDatagram next = in.next(); next != null; next = in.next()) {
        all.add(next);
      }
    }
    return all;
  }

  private static void assertSame(CapturedDatagram expected, CapturedDatagram actual) {
    assertEquals(expected.nanos(), actual.nanos());
    assertEquals(expected.from(), actual.from());
    assertEquals(expected.to(), actual.to());
    assertArrayEquals(expected.payload(), actual.payload());
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    Path file = folder.resolve("both.pcapng");
    InetSocketAddress four = CapturedConversation.CLIENT;
    InetSocketAddress six = new InetSocketAddress(InetAddress.getByName("2001:db8::17"), 65_535);
    List<CapturedDatagram> written =
        List.of(
            new CapturedDatagram(
                1_700_000_000_000_000_001L, four, CapturedConversation.SERVER, new byte[0]),
            new CapturedDatagram(1_700_000_000_000_000_002L, six, six, new byte[1_201]),
            new CapturedDatagram(
                1_900_000_000_999_999_999L, four, four, "abc".getBytes(StandardCharsets.UTF_8)));
    try (CaptureWriter out = new CaptureWriter(file)) {
      for (CapturedDatagram each : written) {
        out.write(each);
      }
    }
    List<CapturedDatagram> read = readAll(file);
    assertEquals(written.size(), read.size());
    for (int i = 0; i < read.size(); i++) {
      assertSame(written.get(i), read.get(i));
    }
    byte[] cut = Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) - 5);
    Files.write(file, cut);
    assertEquals(2, readAll(file).size(), "the last packet was cut off");
  }

  /** Else fuzzing would not come to what lies behind a seal. */
  @Test
  void seedsForFuzzingAreOpened() {
    assertTrue(CaptureFuzz.run(CaptureFuzz.seeds().get(0)) > 10, "a whole conversation");
    assertTrue(CaptureFuzz.run(CaptureFuzz.seeds().get(1)) > 0, "a short one");
    assertTrue(CaptureFuzz.seeds().get(1).length <= 4_096, "no longer than what is tried");
  }

  /** What is left out is said with what is written next, in the option that pcapng has for it. */
  @Test
  void anOutputThatTakesNoMoreIsToldOfLater() throws IOException {
    Path file = folder.resolve("left-out.pcapng");
    ByteArrayOutputStream taken = new ByteArrayOutputStream();
    int[] left = {3};
    CaptureWriter writer =
        new CaptureWriter(
            (bytes, from, length) -> {
              if (left[0] > 0 && --left[0] == 0) {
                return false; // the third
              }
              taken.write(bytes, from, length);
              return true;
            });
    for (int i = 1; i <= 4; i++) {
      writer.write(
          new CapturedDatagram(
              i,
              CapturedConversation.CLIENT,
              CapturedConversation.SERVER,
              EcnMark.ECT_0,
              new byte[i],
              i == 4 ? "well" : ""));
    }
    Files.write(file, taken.toByteArray());
    List<CapturedDatagram> read = readAll(file);
    assertEquals(List.of(1L, 3L, 4L), read.stream().map(CapturedDatagram::nanos).toList());
    assertEquals(EcnMark.ECT_0, read.get(1).ecn());
    String all = taken.toString(StandardCharsets.ISO_8859_1);
    // epb_dropcount is option 4, of 8 bytes; opt_comment option 1.
    assertTrue(all.contains("\4\0\10\0\1\0\0\0\0\0\0\0\0\0\0\0"), "one was left out");
    assertTrue(all.contains("\1\0\4\0well\0\0\0\0"), "the comment");
  }

  /** RFC 1071: whoever sums all of it up, checksum and pseudo header too, gets all ones. */
  @Test
  void checksumsOfIpAndUdpAreRight() throws IOException {
    InetSocketAddress six = new InetSocketAddress(InetAddress.getByName("2001:db8::17"), 65_535);
    java.util.SplittableRandom random = new java.util.SplittableRandom(3);
    for (int length : new int[] {0, 1, 2, 3, 1_200, 1_201, 65_507}) {
      byte[] payload = new byte[length];
      random.nextBytes(payload);
      for (InetSocketAddress host : List.of(CapturedConversation.CLIENT, six)) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CaptureWriter writer =
            new CaptureWriter(
                (bytes, from, count) -> {
                  out.reset();
                  out.write(bytes, from, count);
                  return true;
                });
        writer.write(new CapturedDatagram(1, host, host, payload));
        boolean four = host.getAddress().getAddress().length == 4;
        int ip = 28;
        int udp = ip + (four ? 20 : 40);
        byte[] block = out.toByteArray();
        if (four) {
          assertEquals(0xffff, sum(block, ip, 20));
        }
        int addresses = sum(block, udp - (four ? 8 : 32), four ? 8 : 32);
        int all = addresses + 17 + 8 + length + sum(block, udp, 8 + length);
        assertEquals(0xffff, (all & 0xffff) + (all >>> 16), length + " bytes, " + host);
      }
    }
  }

  private static int sum(byte[] bytes, int from, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += i % 2 == 0 ? (bytes[from + i] & 0xff) << 8 : bytes[from + i] & 0xff;
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  /** The older format, big-endian, microseconds, Ethernet with a VLAN tag; then not IP. */
  @Test
  void theOlderFormatIsReadToo() throws IOException {
    ByteBuffer out = ByteBuffer.allocate(200).order(ByteOrder.BIG_ENDIAN);
    out.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4).putLong(0);
    out.putInt(65_535).putInt(1);
    out.putInt(1_700_000_000).putInt(17).putInt(49).putInt(49);
    out.put(new byte[12]).putShort((short) 0x8100).putShort((short) 5).putShort((short) 0x0800);
    out.put((byte) 0x45).put((byte) 0).putShort((short) 31).putInt(0);
    out.put((byte) 64).put((byte) 17).putShort((short) 0);
    out.put(new byte[] {10, 0, 0, 1, 10, 0, 0, 2});
    out.putShort((short) 40_001).putShort((short) 9_000).putShort((short) 11).putShort((short) 0);
    out.put(new byte[] {'a', 'b', 'c'});
    out.putInt(1_700_000_001).putInt(0).putInt(14).putInt(60).put(new byte[14]);
    Path file = folder.resolve("old.pcap");
    Files.write(file, Arrays.copyOf(out.array(), out.position()));
    try (CaptureReader in = new CaptureReader(file)) {
      CapturedDatagram only = in.next();
      assertNotNull(only);
      assertSame(
          new CapturedDatagram(
              1_700_000_000_000_017_000L,
              CapturedConversation.CLIENT,
              CapturedConversation.SERVER,
              "abc".getBytes(StandardCharsets.UTF_8)),
          only);
      assertNull(in.next());
      assertEquals(1, in.skipped());
    }
  }

  private static String words(CaptureException thrown) {
    return String.valueOf(thrown.getMessage());
  }

  @Test
  void whatIsNoCaptureIsRefusedAndNothingIsAllocatedForIt() throws IOException {
    Path file = folder.resolve("noise");
    Files.writeString(file, "no capture");
    assertTrue(
        words(assertThrows(CaptureException.class, () -> readAll(file)))
            .contains("neither pcapng nor pcap"));
    ByteBuffer huge = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
    huge.putInt(0x0a0d0d0a).putInt(28).putInt(0x1a2b3c4d).putInt(1).putLong(-1).putInt(28);
    huge.putInt(6).putInt(0x7fffffff).putLong(0);
    Files.write(file, huge.array());
    assertTrue(
        words(assertThrows(CaptureException.class, () -> readAll(file))).contains("a block of"));
  }

  @Test
  void aSealedConversationIsReadWithItsSecrets() {
    CapturedConversation sealed =
        CapturedConversation.run(5, "delay 20ms 5ms loss 5%", Security.ephemeral());
    CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
    StringBuilder all = new StringBuilder();
    for (CapturedDatagram each : sealed.datagrams) {
      for (CapturedDatagram packet : decryptor.decrypt(each)) {
        all.append(new String(packet.payload(), StandardCharsets.ISO_8859_1));
      }
    }
    assertTrue(decryptor.decrypted() > 30);
    assertEquals(0, decryptor.leftSealed());
    for (String words : List.of("the quick brown fox", "the lazy dog", "perhaps", "an answer")) {
      assertTrue(all.toString().contains(words), words);
    }
    CaptureDecryptor stranger = new CaptureDecryptor(List.of());
    for (CapturedDatagram each : sealed.datagrams) {
      assertEquals(List.of(each), stranger.decrypt(each));
    }
  }

  /** To make keys takes longer than to open a packet with them. */
  @Test
  void keysAreMadeForConnectionsOfTheCaptureOnly() {
    CapturedConversation sealed = CapturedConversation.run(5, "delay 20ms", Security.ephemeral());
    List<ConnectionSecrets> log = new ArrayList<>(sealed.secrets);
    for (long i = 0; i < 100; i++) {
      log.add(new ConnectionSecrets(2 * i, 2 * i + 1, secret(1), secret(2)));
    }
    CaptureDecryptor decryptor = new CaptureDecryptor(log);
    assertEquals(0, decryptor.keysMade());
    for (CapturedDatagram each : sealed.datagrams) {
      decryptor.decrypt(each);
    }
    assertEquals(0, decryptor.leftSealed());
    assertEquals(2 * sealed.secrets.size(), decryptor.keysMade());
  }

  /** An end of suite 0 takes what the decryptor made of the three messages. */
  @Test
  void aSealedHandshakeIsReadToo() {
    for (Security security : List.of(Security.ephemeral(), Security.preSharedKey(secret(9)))) {
      CapturedConversation sealed = CapturedConversation.run(5, "delay 20ms loss 5%", security);
      assertSameKeys(sealed.secrets.get(0), sealed.serverSecrets.get(0));
      CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
      byte[][] bodies = new byte[3][];
      StringBuilder comments = new StringBuilder();
      FirstMessagePacket first = new FirstMessagePacket();
      for (CapturedDatagram each : sealed.datagrams) {
        for (CapturedDatagram packet : decryptor.decrypt(each)) {
          byte[] bytes = packet.payload();
          int kind = bytes[0] - PacketHeader.FIRST_MESSAGE;
          if (kind < 3) {
            int at = kind == 2 ? 11 : kind == 1 ? 19 : 17; // PROTOCOL.md §3.1 to §3.3
            int length = ByteBuffer.wrap(bytes).getShort(at - 2);
            bodies[kind] = Arrays.copyOfRange(bytes, at, at + length);
            comments.append(packet.comment()).append('\n');
          }
          if (kind == 0) {
            assertEquals(DropReason.NONE, first.check(bytes, 0, bytes.length));
            assertEquals(WireLimits.SUITE_CLEAR, first.suite());
          }
        }
      }
      byte[] ephemeral = Arrays.copyOf(bodies[0], 32);
      ClearHandshake initiator =
          ClearHandshake.initiator(first.initiatorConnectionId(), giving(ephemeral));
      byte[] out = new byte[608];
      int written = initiator.writeFirst(out, 0);
      assertArrayEquals(bodies[0], Arrays.copyOf(out, written));
      byte[] payload = new byte[608];
      int length = initiator.readSecond(bodies[1], 0, bodies[1].length, payload);
      assertNotNull(TransportParameters.decode(payload, 0, length));
      byte[] own = Arrays.copyOf(bodies[2], bodies[2].length - 4);
      assertNotNull(TransportParameters.decode(own, 0, own.length));
      written = initiator.writeThird(own, own.length, out, 0);
      assertArrayEquals(bodies[2], Arrays.copyOf(out, written));
      assertTrue(
          comments
              .toString()
              .matches(
                  "(?s)(decrypted, was of suite Noise_XX(psk3)?_25519_AESGCM_SHA256\n)+"
                      + "(decrypted, from SHA256:.{43}\n)+"),
          comments.toString());
    }
  }

  private static java.util.random.RandomGenerator giving(byte[] bytes) {
    return new java.util.random.RandomGenerator() {
      @Override
      public long nextLong() {
        throw new AssertionError("only bytes are drawn");
      }

      @Override
      public void nextBytes(byte[] out) {
        System.arraycopy(bytes, 0, out, 0, out.length);
      }
    };
  }

  private static void assertSameKeys(ConnectionSecrets one, ConnectionSecrets other) {
    HandshakeKeys keys = one.handshake();
    HandshakeKeys same = other.handshake();
    assertNotNull(keys);
    assertNotNull(same);
    assertArrayEquals(keys.secondStatic(), same.secondStatic());
    assertArrayEquals(keys.secondPayload(), same.secondPayload());
    assertArrayEquals(keys.thirdPayload(), same.thirdPayload());
    assertArrayEquals(keys.thirdHash(), same.thirdHash());
    assertFalse(Arrays.equals(keys.secondStatic(), keys.secondPayload()));
    assertFalse(Arrays.equals(keys.secondPayload(), keys.thirdPayload()));
  }

  /** Programs of several versions may write one log, and each its lines when it comes to that. */
  @Test
  void linesOfAKeyLogAreFoundInAnyOrderAndOthersPassedOver() throws IOException {
    String ids = "0102030405060708 f102030405060708";
    String field = " " + "ab".repeat(32);
    Path file = folder.resolve("keys");
    Files.write(
        file,
        List.of(
            "POSTHORN_SECRETS_2 " + ids + field,
            "POSTHORN_SECRETS_1 " + ids + field.repeat(2),
            "POSTHORN_SECRETS_1 0102030405060709 f102030405060708" + field.repeat(2),
            "POSTHORN_HANDSHAKE_10 more",
            "POSTHORN_HANDSHAKE_1 " + ids + field.repeat(4)));
    List<ConnectionSecrets> read = ConnectionSecrets.readAll(file);
    assertEquals(2, read.size());
    assertEquals(0x0102030405060708L, read.get(0).initiatorId());
    assertNotNull(read.get(0).handshake());
    assertNull(read.get(1).handshake(), "that is another connection");
    Files.write(file, List.of("POSTHORN_SECRETS_1 " + ids + field));
    assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file));
  }

  /** Without M1 there is no transcript: the data is read, the handshake stays as it is. */
  @Test
  void aHandshakeWhoseBeginningIsMissingStaysSealed() {
    CapturedConversation sealed = CapturedConversation.run(5, "delay 20ms", Security.ephemeral());
    CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
    for (CapturedDatagram each : sealed.datagrams) {
      byte[] bytes = each.payload();
      if (bytes[0] == PacketHeader.SECOND_MESSAGE) {
        assertEquals(List.of(each), decryptor.decrypt(each));
      } else if (bytes[0] == PacketHeader.THIRD_MESSAGE) {
        byte[] clear = decryptor.decrypt(each).get(0).payload();
        int body = 11 + ByteBuffer.wrap(bytes).getShort(9);
        assertArrayEquals(Arrays.copyOf(bytes, body), Arrays.copyOf(clear, body));
      } else if (bytes[0] != PacketHeader.FIRST_MESSAGE) {
        decryptor.decrypt(each);
      }
    }
    assertTrue(decryptor.decrypted() > 10);
  }

  private static byte[] secret(int seed) {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) seed);
    return secret;
  }

  private static byte[] packet(AesGcmProtection keys, long id, long number, String words) {
    byte[] frames = new byte[200];
    FrameWriter writer = new FrameWriter();
    writer.reset(frames, 0, frames.length);
    byte[] body = words.getBytes(StandardCharsets.US_ASCII);
    assertTrue(writer.datagram(3, -1, body, 0, body.length));
    byte[] out = new byte[300];
    int length = keys.seal(id, number, 2, frames, 0, writer.written(), out, 0);
    return Arrays.copyOf(out, length);
  }

  private static CapturedDatagram datagram(long nanos, byte[] payload) {
    return new CapturedDatagram(
        nanos, CapturedConversation.CLIENT, CapturedConversation.SERVER, payload);
  }

  /** Opens a clear packet as an end with {@code Security.none()} would. */
  private static String words(CapturedDatagram clear) {
    byte[] plain = new byte[400];
    int length =
        new ChecksumProtection().open(clear.payload(), 0, clear.payload().length, -1, 0, plain, 0);
    assertTrue(length > 3, "the checksum is that of a clear packet");
    return new String(plain, 3, length - 3, StandardCharsets.US_ASCII);
  }

  @Test
  void keyUpdatesAreFollowedAndLatePacketsOfTheOldPhaseAreRead() {
    KeyLimits limits = KeyLimits.DEFAULT;
    AesGcmProtection client = new AesGcmProtection(secret(1), secret(2), limits);
    AesGcmProtection server = new AesGcmProtection(secret(2), secret(1), limits);
    CaptureDecryptor decryptor =
        new CaptureDecryptor(List.of(new ConnectionSecrets(BACK, THERE, secret(1), secret(2))));
    byte[] plain = new byte[400];
    client.onProbeTimeout(1_000_000);
    server.onProbeTimeout(1_000_000);
    long nanos = 0;
    byte[] late = packet(client, THERE, 0, "late, of phase 0");
    long number = 1;
    for (int phase = 0; phase < 5; phase++) {
      nanos += 1_000_000_000;
      byte[] there = packet(client, THERE, number, "there in phase " + phase);
      assertTrue(server.open(there, 0, there.length, number - 1, nanos, plain, 0) > 0);
      assertEquals(phase, client.sendingPhase());
      assertEquals(
          "there in phase " + phase, words(decryptor.decrypt(datagram(nanos, there)).get(0)));
      if (phase == 1) {
        assertEquals("late, of phase 0", words(decryptor.decrypt(datagram(nanos, late)).get(0)));
      }
      byte[] back = packet(server, BACK, number, "back in phase " + phase);
      assertTrue(client.open(back, 0, back.length, number - 1, nanos, plain, 0) > 0);
      assertEquals(
          "back in phase " + phase, words(decryptor.decrypt(datagram(nanos, back)).get(0)));
      client.onAcknowledged(number, nanos);
      server.onAcknowledged(number, nanos);
      nanos += 1_000_000_000;
      client.onAcknowledged(number, nanos);
      client.requestKeyUpdate();
      number++;
    }
    assertEquals(0, decryptor.leftSealed());
  }

  @Test
  void datagramsThatTheSystemWouldHaveCutAreTakenApart() throws IOException {
    AesGcmProtection client = new AesGcmProtection(secret(1), secret(2), KeyLimits.DEFAULT);
    ByteArrayOutputStream together = new ByteArrayOutputStream();
    for (int i = 0; i < 3; i++) {
      together.write(packet(client, THERE, i, i < 2 ? "piece " + i : "end"));
    }
    CaptureDecryptor decryptor =
        new CaptureDecryptor(List.of(new ConnectionSecrets(BACK, THERE, secret(1), secret(2))));
    List<CapturedDatagram> pieces = decryptor.decrypt(datagram(0, together.toByteArray()));
    assertEquals(3, pieces.size());
    assertEquals("piece 0", words(pieces.get(0)));
    assertEquals("piece 1", words(pieces.get(1)));
    assertEquals("end", words(pieces.get(2)));
    assertEquals(3, decryptor.decrypted());
    assertEquals(0, decryptor.leftSealed());
  }

  /** Anyone can send what looks like pieces and whose last is none: it is read to its end. */
  @Test
  void piecesWithAThirdMessageAreNotCutAgain() {
    byte[] piece = CaptureFuzz.thirdWithData();
    int length = piece.length;
    List<String> whole = List.of("M3 35", "data 30");
    assertEquals(whole, packets(piece, length));
    assertEquals(List.of("M3 35", "data 30", "M3 35", "data 30"), packets(piece, 2 * length));
    for (int cut = 1; cut < length; cut++) {
      List<String> expected = new ArrayList<>(whole);
      int end = length - cut;
      if (end < 35) {
        expected.add("other " + end);
      } else {
        expected.add(end == 35 ? "M3 35" : end < 49 ? "other " + end : "M3 35");
        if (end >= 49) {
          expected.add("sealed " + (end - 35));
        }
      }
      if (end >= 9) { // below, nothing says where the first ends
        assertEquals(expected, packets(piece, length + end), "a last piece of " + end);
      }
    }
    byte[] damaged = Arrays.copyOf(piece, 3 * length);
    System.arraycopy(piece, 0, damaged, length, length);
    System.arraycopy(piece, 0, damaged, 2 * length, length);
    damaged[2 * length - 1] ^= 1;
    assertEquals(
        List.of("M3 35", "data 30", "M3 35", "sealed 30", "M3 35", "data 30"),
        packets(damaged, damaged.length));
  }

  /** What the packets of so many bytes are, which are those given over and over. */
  private static List<String> packets(byte[] repeated, int length) {
    byte[] payload = new byte[length];
    for (int i = 0; i < length; i++) {
      payload[i] = repeated[i % repeated.length];
    }
    List<String> told = new ArrayList<>();
    new CapturedPackets()
        .read(
            datagram(0, payload),
            new PacketVisitor() {
              @Override
              public void thirdMessage(int bytes, long id, Map<String, Object> parameters) {
                told.add("M3 " + bytes);
              }

              @Override
              public void data(int bytes, long id, int phase, long number, TracedFrames frames) {
                told.add("data " + bytes);
              }

              @Override
              public void sealed(int bytes, long id) {
                told.add("sealed " + bytes);
              }

              @Override
              public void other(int bytes) {
                told.add("other " + bytes);
              }
            });
    return told;
  }

  @Test
  void whatIsDamagedOrRepeatedStaysAsItIs() {
    AesGcmProtection client = new AesGcmProtection(secret(1), secret(2), KeyLimits.DEFAULT);
    byte[] packet = packet(client, THERE, 0, "once");
    CaptureDecryptor decryptor =
        new CaptureDecryptor(List.of(new ConnectionSecrets(BACK, THERE, secret(1), secret(2))));
    byte[] damaged = packet.clone();
    damaged[packet.length - 1] ^= 1;
    assertArrayEquals(damaged, decryptor.decrypt(datagram(0, damaged)).get(0).payload());
    assertEquals("once", words(decryptor.decrypt(datagram(1, packet)).get(0)));
    assertArrayEquals(packet, decryptor.decrypt(datagram(2, packet)).get(0).payload());
    assertEquals(1, decryptor.decrypted());
    assertEquals(2, decryptor.leftSealed());
  }

  @Test
  void aKeyLogIsReadWhateverElseIsInIt() throws IOException {
    Path file = folder.resolve("secrets");
    String line =
        "POSTHORN_SECRETS_1 0000000000000001 ffffffffffffffff "
            + "01".repeat(32)
            + " "
            + "fe".repeat(32);
    Files.writeString(file, "# mine\nCLIENT_RANDOM 00 11\n\n" + line + "\n");
    List<ConnectionSecrets> all = ConnectionSecrets.readAll(file);
    assertEquals(1, all.size());
    assertEquals(1, all.get(0).initiatorId());
    assertEquals(-1, all.get(0).responderId());
    assertNull(all.get(0).handshake());
    String before =
        "POSTHORN_HANDSHAKE_1 0000000000000001 ffffffffffffffff"
            + (" " + "07".repeat(32)).repeat(4);
    Files.writeString(file, before + "\n" + line + "\n");
    HandshakeKeys keys = ConnectionSecrets.readAll(file).get(0).handshake();
    assertNotNull(keys);
    assertArrayEquals(secret(7), keys.thirdHash());
    Files.writeString(file, before + "0\n" + line + "\n");
    assertTrue(
        words(assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file)))
            .contains("line 1: not a whole line of handshake keys"));
    assertArrayEquals(secret(1), all.get(0).initiatorSecret());
    assertTrue(!all.toString().contains("0101"), "secrets do not reach toString");
    Files.writeString(file, "# mine\n" + line.substring(0, 80) + "\n");
    assertTrue(
        words(assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file)))
            .contains("line 2"));
    Files.writeString(file, "# nothing\n");
    assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file));
  }
}
