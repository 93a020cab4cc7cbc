package io.posthorn.wire;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Draws frames of every type, values near the edges of their ranges preferred. */
final class RandomFrames {
  private final RandomGenerator random;

  RandomFrames(RandomGenerator random) {
    this.random = random;
  }

  /**
   * Tries to write one frame.
   *
   * @param written is handed what was written, nothing if it did not fit
   * @return whether it fitted
   */
  boolean write(FrameWriter out, FrameHandler written) {
    int channel = random.nextInt(WireLimits.MAX_CHANNELS);
    long number = number(VarInt.MAX_VALUE);
    long other = number(VarInt.MAX_VALUE);
    return switch (random.nextInt(22)) {
      case 0 -> out.ping() && told(written.onPing());
      case 1 -> ack(out, written, false);
      case 2 -> ack(out, written, true);
      case 3 -> channelData(out, written, channel);
      case 4 -> {
        long offset = number(WireLimits.MAX_OFFSET);
        yield out.channelFin(channel, offset) && told(written.onChannelFin(channel, offset));
      }
      case 5 -> {
        long offset = number(WireLimits.MAX_OFFSET);
        yield out.maxChannelData(channel, offset)
            && told(written.onMaxChannelData(channel, offset));
      }
      case 6 -> {
        long offset = number(WireLimits.MAX_OFFSET);
        yield out.channelBlocked(channel, offset)
            && told(written.onChannelBlocked(channel, offset));
      }
      case 7 -> out.maxMessages(number) && told(written.onMaxMessages(number));
      case 8 -> out.maxMessageData(number) && told(written.onMaxMessageData(number));
      case 9 ->
          out.messagesBlocked(number, other) && told(written.onMessagesBlocked(number, other));
      case 10 -> message(out, written, channel, -1);
      case 11 -> message(out, written, channel, number(VarInt.MAX_VALUE));
      case 12 -> {
        long length = number(WireLimits.MAX_MESSAGE_BYTES);
        yield out.messageAbort(number, length) && told(written.onMessageAbort(number, length));
      }
      case 13 -> datagram(out, written, channel, -1);
      case 14 -> datagram(out, written, channel, number);
      case 15 -> {
        boolean ordered = random.nextBoolean();
        yield random.nextBoolean()
            ? out.confirmRequest(ordered, channel, number)
                && told(written.onConfirmRequest(ordered, channel, number))
            : out.confirm(ordered, channel, number)
                && told(written.onConfirm(ordered, channel, number));
      }
      case 16 -> {
        long id = random.nextLong();
        byte[] token = bytes(WireLimits.RESET_TOKEN_BYTES);
        long retire = Math.min(number, other);
        yield out.newConnectionId(Math.max(number, other), retire, id, token)
            && told(written.onNewConnectionId(Math.max(number, other), retire, id, token, 0));
      }
      case 17 -> out.retireConnectionId(number) && told(written.onRetireConnectionId(number));
      case 18 -> {
        long data = random.nextLong();
        yield random.nextBoolean()
            ? out.pathChallenge(data) && told(written.onPathChallenge(data))
            : out.pathResponse(data) && told(written.onPathResponse(data));
      }
      case 19 -> {
        long tolerance = 1 + number(VarInt.MAX_VALUE - 1);
        long delay = number(WireLimits.MAX_ACK_DELAY_MICROS);
        yield out.ackFrequency(number, tolerance, delay)
            && told(written.onAckFrequency(number, tolerance, delay));
      }
      case 20 -> {
        byte[] text = letters(random.nextInt(WireLimits.MAX_CLOSE_TEXT_BYTES + 1));
        yield out.close(number, other, text, text.length)
            && told(written.onClose(number, other, text, 0, text.length));
      }
      default -> out.padding(1 + random.nextInt(3));
    };
  }

  private boolean ack(FrameWriter out, FrameHandler written, boolean ecn) {
    int count = 1 + random.nextInt(random.nextBoolean() ? 4 : 80);
    long[] first = new long[count];
    long[] last = new long[count];
    // At most 80 ranges of at most 2^55 each stay below the largest packet number.
    long next = number(1L << 55);
    for (int i = 0; i < count; i++) {
      first[i] = next;
      last[i] = next + number(1L << 54);
      next = last[i] + 2 + number(1L << 53);
    }
    long delay = number(WireLimits.MAX_ACK_DELAY_MICROS);
    long ect0 = ecn ? number(VarInt.MAX_VALUE) : 0;
    long ect1 = ecn ? number(VarInt.MAX_VALUE) : 0;
    long ce = ecn ? number(VarInt.MAX_VALUE) : -1;
    int ranges = out.ack(delay, first, last, count, ect0, ect1, ce);
    if (ranges == 0) {
      return false;
    }
    long[] newestFirst = new long[ranges];
    long[] newestLast = new long[ranges];
    for (int i = 0; i < ranges; i++) {
      newestFirst[i] = first[count - 1 - i];
      newestLast[i] = last[count - 1 - i];
    }
    return told(written.onAck(delay, newestFirst, newestLast, ranges, ect0, ect1, ce));
  }

  private boolean channelData(FrameWriter out, FrameHandler written, int channel) {
    byte[] data = bytes(1 + random.nextInt(random.nextBoolean() ? 80 : 20_000));
    long offset = number(WireLimits.MAX_OFFSET - data.length);
    int taken = out.channelData(channel, offset, data, 0, data.length);
    return taken > 0 && told(written.onChannelData(channel, offset, data, 0, taken));
  }

  private boolean message(FrameWriter out, FrameHandler written, int channel, long key) {
    byte[] data = bytes(random.nextInt(random.nextBoolean() ? 80 : 20_000));
    long id = number(VarInt.MAX_VALUE);
    boolean whole = data.length == 0 || random.nextBoolean();
    long offset = whole ? 0 : number(WireLimits.MAX_MESSAGE_BYTES - data.length);
    long rest = whole ? 0 : number(WireLimits.MAX_MESSAGE_BYTES - data.length - offset);
    long total = offset + data.length + rest;
    int taken = out.beginMessage(id, channel, key, total, offset, data.length);
    if (taken < 0) {
      return false;
    }
    System.arraycopy(data, 0, out.array(), out.position(), taken);
    out.advance(taken);
    return told(written.onMessage(id, channel, key, total, offset, data, 0, taken));
  }

  private boolean datagram(FrameWriter out, FrameHandler written, int channel, long sequence) {
    byte[] data = bytes(random.nextInt(random.nextBoolean() ? 80 : 20_000));
    return out.datagram(channel, sequence, data, 0, data.length)
        && told(written.onDatagram(channel, sequence, data, 0, data.length));
  }

  private static boolean told(@Nullable CloseReason none) {
    return none == null;
  }

  /** 0 to {@code most}: all magnitudes alike, edges of the varint's forms often. */
  private long number(long most) {
    long[] edges = {0, 0x3f, 0x40, 0x3fff, 0x4000, 0x3fff_ffff, 0x4000_0000, most};
    long value =
        random.nextInt(4) == 0
            ? edges[random.nextInt(edges.length)]
            : random.nextLong() >>> (1 + random.nextInt(63));
    return Math.min(value, most);
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private byte[] letters(int count) {
    byte[] letters = new byte[count];
    for (int i = 0; i < count; i++) {
      letters[i] = (byte) ('a' + random.nextInt(26));
    }
    return letters;
  }
}
