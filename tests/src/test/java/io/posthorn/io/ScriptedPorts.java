package io.posthorn.io;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.atomic.AtomicInteger;

/** Real ports of either kind, under which the system refuses what a script says. */
public final class ScriptedPorts {
  /** Which way datagrams take. */
  public enum Way {
    LINUX,
    PORTABLE
  }

  /** Answers errno, 0 to let a call through. */
  public interface Script {
    /**
     * A call that sends.
     *
     * @param datagramBytes length of the longest datagram in it
     * @param datagrams how many it has; one of {@link #WAKE_UP_BYTES} is the fast port's to itself
     */
    default int onSend(int datagramBytes, int datagrams) {
      return 0;
    }

    /** A call that receives without waiting. */
    default int onReceive() {
      return 0;
    }
  }

  /** Shorter than any packet. */
  public static final int WAKE_UP_BYTES = 16;

  public static final int EIO = LinuxCalls.EIO;
  public static final int EAGAIN = LinuxCalls.EAGAIN;
  public static final int EINVAL = LinuxCalls.EINVAL;
  public static final int EMSGSIZE = LinuxCalls.EMSGSIZE;
  public static final int ECONNREFUSED = 111;

  private static final LinuxCalls SYSTEM = new LinuxCalls();

  private ScriptedPorts() {}

  /** How the system words an error. */
  public static String words(int errno) {
    return SYSTEM.errorText(errno);
  }

  /**
   * Opens a port.
   *
   * @param waits counts how often the port's thread waited
   */
  public static DatagramPort open(
      Way way, InetSocketAddress bind, Script script, AtomicInteger waits) throws IOException {
    return way == Way.LINUX
        ? LinuxDatagramPort.open(new ScriptedCalls(script, waits), bind, null, true)
        : new CountedWaits(
            NioDatagramPort.open(new ScriptedChannel(script), bind, null, "test"), waits);
  }

  /** Opens a port for whose datagrams the kernel has but so much room. */
  public static DatagramPort withReceiveBuffer(Way way, InetSocketAddress bind, int bytes)
      throws IOException {
    if (way == Way.PORTABLE) {
      DatagramChannel channel = DatagramChannel.open().bind(bind);
      DatagramPort port = NioDatagramPort.adopt(channel, "test");
      channel.setOption(StandardSocketOptions.SO_RCVBUF, bytes); // for the port asked for more
      int granted = channel.getOption(StandardSocketOptions.SO_RCVBUF);
      return new ForwardingDatagramPort(port) {
        @Override
        public int grantedReceiveBufferBytes() {
          return granted;
        }
      };
    }
    return LinuxDatagramPort.open(
        new LinuxCalls() {
          @Override
          int setOption(int fd, int level, int option, long value, int valueBytes) {
            if (level == SOL_SOCKET && option == SO_RCVBUF) {
              new Pointer(value).setInt(0, bytes);
            }
            return super.setOption(fd, level, option, value, valueBytes);
          }
        },
        bind,
        null,
        true);
  }

  private static final class ScriptedCalls extends LinuxCalls {
    private static final int SEGMENT_CONTROL_BYTES = 24;

    private final Script script;
    private final AtomicInteger waits;
    private final ThreadLocal<Integer> forced = ThreadLocal.withInitial(() -> 0);

    ScriptedCalls(Script script, AtomicInteger waits) {
      this.script = script;
      this.waits = waits;
    }

    @Override
    long send(int fd, long message) {
      Pointer header = new Pointer(message);
      long bytes = header.getPointer(MSG_IOV_AT).getLong(IOV_LEN_AT);
      long control = header.getLong(MSG_CONTROLLEN_AT);
      int segment = 0;
      if (control >= SEGMENT_CONTROL_BYTES) {
        Pointer last = header.getPointer(MSG_CONTROL_AT).share(control - SEGMENT_CONTROL_BYTES);
        boolean segments = last.getInt(CMSG_LEVEL_AT) == SOL_UDP;
        segment = segments ? last.getShort(CMSG_HEADER_BYTES) & 0xffff : 0;
      }
      int each = segment == 0 ? (int) bytes : segment;
      int datagrams = segment == 0 ? 1 : (int) (bytes + segment - 1) / segment;
      int errno = script.onSend(each, datagrams);
      forced.set(errno);
      return errno != 0 ? -1 : super.send(fd, message);
    }

    @Override
    long receive(int fd, long message) {
      int errno = script.onReceive();
      forced.set(errno);
      return errno != 0 ? -1 : super.receive(fd, message);
    }

    @Override
    long awaitAndReceive(int fd, long message) {
      waits.incrementAndGet();
      forced.set(0);
      return super.awaitAndReceive(fd, message);
    }

    @Override
    int poll(long pollFds, int count, long timeout) {
      waits.incrementAndGet();
      forced.set(0);
      return super.poll(pollFds, count, timeout);
    }

    @Override
    int lastError() {
      int errno = forced.get();
      return errno != 0 ? errno : super.lastError();
    }
  }

  private static final class ScriptedChannel extends ChannelCalls {
    private final Script script;

    ScriptedChannel(Script script) {
      this.script = script;
    }

    @Override
    int send(DatagramChannel channel, ByteBuffer datagram, SocketAddress to) throws IOException {
      int errno = script.onSend(datagram.remaining(), 1);
      if (errno == EAGAIN) {
        return 0;
      }
      if (errno != 0) {
        throw new IOException(words(errno));
      }
      return super.send(channel, datagram, to);
    }

    @Override
    SocketAddress receive(DatagramChannel channel, ByteBuffer into) throws IOException {
      int errno = script.onReceive();
      if (errno != 0) {
        throw new IOException(words(errno));
      }
      return super.receive(channel, into);
    }
  }

  private static final class CountedWaits extends ForwardingDatagramPort {
    private final AtomicInteger waits;

    CountedWaits(DatagramPort port, AtomicInteger waits) {
      super(port);
      this.waits = waits;
    }

    @Override
    public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
      waits.incrementAndGet();
      return port.await(timeoutNanos, untilWritable);
    }
  }
}
