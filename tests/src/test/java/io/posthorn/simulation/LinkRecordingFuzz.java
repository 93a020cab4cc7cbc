package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.fuzz.FuzzFile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;

/** A recording of a network is refused by file and line, or can be replayed. */
public final class LinkRecordingFuzz {
  private static final FuzzFile FILE = new FuzzFile("recording");
  private static final int DATAGRAMS = 20;

  private LinkRecordingFuzz() {}

  /** Takes the content of the file. */
  public static void fuzzerTestOneInput(byte[] content) {
    LinkRecording recording;
    try {
      recording = LinkRecording.read(FILE.write(content));
    } catch (IOException refused) {
      FILE.assertNamed(refused);
      return;
    }
    assertTrue(recording.flows() >= 1);
    for (int flow = 0; flow < recording.flows(); flow++) {
      assertTrue(recording.datagrams(flow, 0) >= 0 && recording.datagrams(flow, 1) >= 0);
    }
    LinkConditions conditions = LinkConditions.replaying(recording);
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    network.link(Pair.A, Pair.B, conditions);
    network.link(Pair.B, Pair.A, conditions);
    Talker one = new Talker(Pair.B);
    Talker other = new Talker(Pair.A);
    network.attach(Pair.A, one);
    network.attach(Pair.B, other);
    network.run(Duration.ofDays(800));
    assertTrue(one.received <= 2 * DATAGRAMS && other.received <= 2 * DATAGRAMS);
  }

  /** Sends some datagrams at once and counts those that come. */
  private static final class Talker extends TimelessHost {
    private final InetSocketAddress to;
    private int left = DATAGRAMS;
    private int received;

    Talker(InetSocketAddress to) {
      this.to = to;
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      received++;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      for (; left > 0; left--) {
        out.accept(ByteBuffer.wrap(new byte[left]), to);
      }
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        bytes(
            """
            0 up 1 1204417 200 passed 40000000
            0 up 2 1404513 200 lost
            # words
            0 up 3 1604712 200 passed 40000000 copy 40000000 bit 77 reordered
            """),
        bytes("1 down 1 5 9 too_large\n1 down 2 5 9 queue_full\n0 up 1 7 7 outage\n"),
        bytes("0 up 1 0 0 passed 0 reordered\n"),
        bytes("0 up 2 0 0 lost\n"),
        bytes("0 sideways 1 0 0 lost\n"),
        "nothing".getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] bytes(String lines) {
    return (LinkRecording.FIRST_LINE + "\n" + lines).getBytes(StandardCharsets.US_ASCII);
  }
}
