package io.posthorn.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import java.io.ByteArrayInputStream;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of captures: what is written, and what is read. */
class CaptureFileTest {
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

  private static String words(CaptureException thrown) {
    return String.valueOf(thrown.getMessage());
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

  private static boolean isCut(byte[] capture) throws IOException {
    try (CaptureReader in = new CaptureReader(new ByteArrayInputStream(capture), "capture")) {
      while (in.next() != null) {
        assertFalse(in.isCut(), "more came");
      }
      return in.isCut();
    }
  }

  /** Each length of a file, from where its head ends; those are whole that end with a packet. */
  private static void assertWholeAt(byte[] capture, int head, Integer... lengths) throws Exception {
    for (int length = head; length <= capture.length; length++) {
      boolean whole = length == head || List.of(lengths).contains(length);
      assertEquals(!whole, isCut(Arrays.copyOf(capture, length)), length + " bytes");
    }
  }

  @Test
  void whetherAFileWasCutOffIsKnownAtItsEnd() throws Exception {
    Path file = folder.resolve("cut.pcapng");
    new CaptureWriter(file).close();
    int head = (int) Files.size(file);
    try (CaptureWriter out = new CaptureWriter(file)) {
      InetSocketAddress both = CapturedConversation.CLIENT;
      out.write(new CapturedDatagram(1, both, both, new byte[9]));
    }
    byte[] one = Files.readAllBytes(file);
    assertWholeAt(one, head, one.length);
    byte[] old = older();
    assertWholeAt(old, 24, old.length - 30, old.length);
  }

  /** The older format, big-endian, microseconds, Ethernet with a VLAN tag; then not IP. */
  private static byte[] older() {
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
    return Arrays.copyOf(out.array(), out.position());
  }

  @Test
  void theOlderFormatIsReadToo() throws IOException {
    Path file = folder.resolve("old.pcap");
    Files.write(file, older());
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
}
