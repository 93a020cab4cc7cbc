package io.posthorn.bench.stack;

import io.aeron.Aeron;
import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import org.agrona.CloseHelper;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Aeron over UDP in clear: an embedded media driver, one subscriber thread that polls. Its idle
 * strategy backs off, for on two cores three threads that spin would starve each other, and the
 * driver has one thread; with {@code /spin} in its name all spin, with {@code /dedicated} the
 * driver has one to send, one to receive and one to conduct.
 */
final class AeronContender implements Contender {
  private static final int FRAGMENTS_A_POLL = 256;

  private final String name;
  private final Arrivals arrivals = new Arrivals();
  private final MediaDriver driver;
  private final Aeron aeron;
  private final Publication out;
  private final Publication answers;
  private final Subscription in;
  private final Subscription back;
  private final UnsafeBuffer message;
  private final IdleStrategy waiting;
  private long returned;
  private volatile boolean closed;

  /**
   * Starts it.
   *
   * @param packetBytes Aeron's MTU; 0 for 8 KiB
   */
  AeronContender(String name, int packetBytes, int messageBytes, boolean pingPong)
      throws IOException {
    this.name = name;
    this.waiting = idle(name);
    String mtu = "|term-length=64m|mtu=" + (packetBytes == 0 ? 8192 : packetBytes / 32 * 32);
    driver =
        MediaDriver.launchEmbedded(
            new MediaDriver.Context()
                .threadingMode(
                    name.contains("/dedicated") ? ThreadingMode.DEDICATED : ThreadingMode.SHARED)
                .sharedIdleStrategy(idle(name))
                .senderIdleStrategy(idle(name))
                .receiverIdleStrategy(idle(name))
                .conductorIdleStrategy(backOff())
                .socketRcvbufLength(4 << 20)
                .socketSndbufLength(4 << 20)
                .initialWindowLength(2 << 20)
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true));
    aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
    String there = "aeron:udp?endpoint=127.0.0.1:" + freePort() + mtu;
    String here = "aeron:udp?endpoint=127.0.0.1:" + freePort() + mtu;
    in = aeron.addSubscription(there, 1);
    out = aeron.addPublication(there, 1);
    back = aeron.addSubscription(here, 2);
    answers = aeron.addPublication(here, 2);
    message = new UnsafeBuffer(new byte[messageBytes]);
    while (!out.isConnected() || !answers.isConnected()) {
      Thread.yield();
    }
    Threads.start(name, pingPong ? this::echo : this::count);
  }

  private static IdleStrategy idle(String name) {
    return name.contains("/spin") ? new BusySpinIdleStrategy() : backOff();
  }

  private static IdleStrategy backOff() {
    return new BackoffIdleStrategy(10, 10, 1_000, 50_000);
  }

  private static int freePort() throws IOException {
    try (DatagramSocket any = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      return any.getLocalPort();
    }
  }

  private void count() {
    IdleStrategy idle = idle(name);
    FragmentAssembler each =
        new FragmentAssembler((buffer, offset, length, header) -> arrivals.add(1));
    while (!closed) {
      idle.idle(in.poll(each, FRAGMENTS_A_POLL));
    }
  }

  private void echo() {
    IdleStrategy idle = idle(name);
    FragmentAssembler each =
        new FragmentAssembler(
            (buffer, offset, length, header) -> {
              while (answers.offer(buffer, offset, length) < 0 && !closed) {
                Thread.onSpinWait();
              }
            });
    while (!closed) {
      idle.idle(in.poll(each, 1));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() throws IOException {
    while (true) {
      long position = out.offer(message);
      if (position > 0) {
        waiting.reset();
        return;
      }
      if (position == Publication.CLOSED || position == Publication.MAX_POSITION_EXCEEDED) {
        throw new IOException("Aeron takes no more: " + position);
      }
      waiting.idle();
    }
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public void roundTrip() throws IOException {
    send();
    FragmentAssembler each = new FragmentAssembler((buffer, offset, length, header) -> returned++);
    long before = returned;
    while (returned == before) {
      waiting.idle(back.poll(each, 1));
    }
  }

  @Override
  public void close() {
    closed = true;
    CloseHelper.closeAll(aeron, driver);
  }
}
