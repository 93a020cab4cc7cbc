package io.posthorn.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.fuzz.FuzzFile;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.wire.ThirdMessagePacket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A capture, with the frames in it and the packets in those, is read to its end or refused by its
 * name. What was read can be written, and says the same when it is read again. Before it stands the
 * key log, which is read or refused likewise, and opens what it has the secrets of.
 */
public final class CaptureFuzz {
  private static final FuzzFile FILE = new FuzzFile("capture.pcapng");
  private static final FuzzFile KEYS = new FuzzFile("keys.log");
  private static final FuzzFile COPY = new FuzzFile("copy.pcapng");
  private static final int MOST = 1_000;
  private static final int LONGEST_PAYLOAD_BYTES = 65_507;

  private CaptureFuzz() {}

  /** Takes the length of the key log in two bytes, the key log, and the content of the file. */
  public static void fuzzerTestOneInput(byte[] input) {
    run(input);
  }

  /** As {@link #fuzzerTestOneInput}; answers how many packets were opened. */
  static long run(byte[] input) {
    if (input.length < 2) {
      return 0;
    }
    int end = Math.min(input.length, 2 + Short.toUnsignedInt(ByteBuffer.wrap(input).getShort()));
    List<ConnectionSecrets> secrets = List.of();
    if (end > 2) {
      KEYS.write(Arrays.copyOfRange(input, 2, end));
      try {
        secrets = ConnectionSecrets.readAll(KEYS.path());
      } catch (IOException refused) {
        KEYS.assertNamed(refused);
      }
    }
    FILE.write(Arrays.copyOfRange(input, end, input.length));
    List<CapturedDatagram> all = new ArrayList<>();
    try (CaptureReader reader = new CaptureReader(FILE.path())) {
      for (CapturedDatagram next = reader.next();
          next != null && all.size() < MOST;
          next = reader.next()) {
        all.add(next);
      }
    } catch (IOException refused) {
      FILE.assertNamed(refused);
    }
    CaptureDecryptor decryptor = new CaptureDecryptor(secrets);
    CapturedPackets packets = new CapturedPackets();
    PacketVisitor visitor = new PacketVisitor() {};
    List<CapturedDatagram> kept = new ArrayList<>();
    for (CapturedDatagram each : all) {
      for (CapturedDatagram opened : decryptor.decrypt(each)) {
        packets.read(opened, visitor);
      }
      if (each.payload().length <= LONGEST_PAYLOAD_BYTES && each.nanos() >= 0) {
        kept.add(each);
      }
    }
    try {
      copy(kept);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return decryptor.decrypted();
  }

  private static void copy(List<CapturedDatagram> kept) throws IOException {
    try (CaptureWriter writer = new CaptureWriter(COPY.path())) {
      for (CapturedDatagram each : kept) {
        writer.write(each);
      }
    }
    try (CaptureReader reader = new CaptureReader(COPY.path())) {
      for (CapturedDatagram each : kept) {
        CapturedDatagram again = reader.next();
        assertNotNull(again);
        assertEquals(each.nanos(), again.nanos());
        assertEquals(each.from(), again.from());
        assertEquals(each.to(), again.to());
        assertEquals(each.ecn(), again.ecn());
        assertArrayEquals(each.payload(), again.payload());
      }
      assertNull(reader.next());
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(conversation(LONGEST_PAYLOAD_BYTES, Integer.MAX_VALUE));
    seeds.add(conversation(300, 8)); // short enough for what is tried when fuzzing
    seeds.add(input("# nothing\n\nCLIENT_RANDOM 00 00\nPOSTHORN_SECRETS_1 00\n", new byte[0]));
    seeds.add(input("POSTHORN_HANDSHAKE_1 00\n", new byte[0]));
    seeds.add(input("\u00e4", new byte[0]));
    List<byte[]> captures = captures();
    captures.forEach(capture -> seeds.add(input("", capture)));
    return seeds;
  }

  private static byte[] input(String keys, byte[] capture) {
    byte[] log = keys.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 + log.length + capture.length)
        .putShort((short) log.length)
        .put(log)
        .put(capture)
        .array();
  }

  /** So many datagrams of a sealed conversation, none longer than that, with its secrets. */
  private static byte[] conversation(int longest, int most) {
    CapturedConversation all = CapturedConversation.run(1, "delay 5ms", Security.ephemeral());
    HexFormat hex = HexFormat.of();
    StringBuilder keys = new StringBuilder();
    for (ConnectionSecrets each : all.secrets) {
      String ids = hex.toHexDigits(each.initiatorId()) + " " + hex.toHexDigits(each.responderId());
      HandshakeKeys handshake = each.handshake();
      if (handshake != null) {
        keys.append("POSTHORN_HANDSHAKE_1 ").append(ids);
        for (byte[] key :
            List.of(
                handshake.secondStatic(),
                handshake.secondPayload(),
                handshake.thirdPayload(),
                handshake.thirdHash())) {
          keys.append(' ').append(hex.formatHex(key));
        }
        keys.append('\n');
      }
      keys.append("POSTHORN_SECRETS_1 ").append(ids).append(' ');
      keys.append(hex.formatHex(each.initiatorSecret())).append(' ');
      keys.append(hex.formatHex(each.responderSecret())).append('\n');
    }
    List<CapturedDatagram> some =
        all.datagrams.stream()
            .filter(each -> each.payload().length <= longest)
            .limit(most)
            .toList();
    return input(keys.toString(), written(some.toArray(CapturedDatagram[]::new)));
  }

  private static List<byte[]> captures() {
    List<byte[]> seeds = new ArrayList<>();
    InetSocketAddress here = CapturedConversation.CLIENT;
    InetSocketAddress there = CapturedConversation.SERVER;
    seeds.add(
        written(
            new CapturedDatagram(5, here, there, EcnMark.ECT_0, new byte[] {9, 1}, "said"),
            new CapturedDatagram(1_700_000_000_123_456_789L, there, here, new byte[40])));
    String udp = "0fa0 2328 000e 0000 090102030405";
    String ipv4 = "45020022 00010000 40110000 0a000001 0a000002" + udp;
    String one = "00".repeat(15) + "01";
    seeds.add(pcap(101, ByteOrder.LITTLE_ENDIAN, ipv4));
    seeds.add(pcap(1, ByteOrder.BIG_ENDIAN, "00".repeat(12) + "8100 0005 0800" + ipv4));
    String ipv6 = "60200000 000e 1140 20010db8" + "00".repeat(12) + one + udp;
    seeds.add(pcap(1, ByteOrder.LITTLE_ENDIAN, "00".repeat(12) + "86dd" + ipv6));
    String mapped = "00".repeat(10) + "ffff0a000001"; // an IPv4 address in the clothes of IPv6
    seeds.add(pcap(101, ByteOrder.LITTLE_ENDIAN, "60000000 000e 1140" + mapped + one + udp));
    seeds.add(pcap(113, ByteOrder.BIG_ENDIAN, "00".repeat(14) + "0800" + ipv4));
    seeds.add(pcap(276, ByteOrder.BIG_ENDIAN, "0800" + "00".repeat(18) + ipv4));
    seeds.add(pcap(0, ByteOrder.BIG_ENDIAN, "02000000" + ipv4));
    seeds.add(HexFormat.of().parseHex("0a0d0d0a"));
    seeds.add(HexFormat.of().parseHex("d4c3b2a1"));
    byte[] third = thirdWithData();
    byte[] cut = Arrays.copyOf(third, third.length + 50);
    System.arraycopy(third, 0, cut, third.length, 50);
    seeds.add(written(new CapturedDatagram(1, here, there, cut)));
    return seeds;
  }

  /** An M3 of 35 bytes and a data packet of 30 in clear. */
  static byte[] thirdWithData() {
    byte[] piece = new byte[65];
    int end = ThirdMessagePacket.write(piece, 0, 0x1122334455667788L, new byte[24], 24);
    byte[] frames = new byte[15];
    Arrays.fill(frames, (byte) 1); // PING
    int length =
        new ChecksumProtection()
            .seal(0x1122334455667788L, 0, 2, frames, 0, frames.length, piece, end);
    return Arrays.copyOf(piece, end + length);
  }

  private static byte[] written(CapturedDatagram... datagrams) {
    try {
      try (CaptureWriter writer = new CaptureWriter(COPY.path())) {
        for (CapturedDatagram each : datagrams) {
          writer.write(each);
        }
      }
      return Files.readAllBytes(COPY.path());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] pcap(int linkType, ByteOrder order, String hex) {
    byte[] frame = HexFormat.of().parseHex(hex.replace(" ", ""));
    ByteBuffer file = ByteBuffer.allocate(40 + frame.length).order(order);
    file.putInt(0xa1b2c3d4).putInt(0x00040002).putLong(0).putInt(65_535).putInt(linkType);
    file.putInt(1_700_000_000).putInt(999_999).putInt(frame.length).putInt(frame.length);
    return file.put(frame).array();
  }
}
