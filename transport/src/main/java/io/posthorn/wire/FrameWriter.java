package io.posthorn.wire;

/**
 * Writes frames one after the other into the payload of one packet (PROTOCOL.md §5); the mirror
 * image of {@link FrameReader}. Reusable, not thread-safe, allocates nothing.
 *
 * <p>A frame that does not fit is not begun: the method answers false (or 0, or -1) and the
 * position stays. Values that the wire can not carry are faults of the caller; they throw {@link
 * IllegalArgumentException}.
 *
 * <p>The limit given to {@link #reset} is where the packet ends. That matters for channel data: a
 * CHANNEL_DATA_LAST runs to the end, so nothing may be appended behind the limit later.
 */
public final class FrameWriter {
  private byte[] out = new byte[0];
  private int start;
  private int at;
  private int limit;
  // Bytes that a two-step frame has announced and the caller still owes.
  private int owed;

  /**
   * Begins a packet.
   *
   * @param out receives the frames
   * @param from first index
   * @param limit index behind the last byte that the frames of the packet may take
   */
  public void reset(byte[] out, int from, int limit) {
    if (from < 0 || limit < from || limit > out.length) {
      throw new IndexOutOfBoundsException(from + " to " + limit + " of " + out.length);
    }
    this.out = out;
    this.start = from;
    this.at = from;
    this.limit = limit;
    this.owed = 0;
  }

  /** The array given to {@link #reset}. */
  public byte[] array() {
    return out;
  }

  /** Index of the next byte. */
  public int position() {
    return at;
  }

  /** Bytes that are left. */
  public int remaining() {
    return limit - at;
  }

  /** Bytes written since {@link #reset}. */
  public int written() {
    return at - start;
  }

  /**
   * Ends a two-step frame: the caller has put its data to {@link #array()} at {@link #position()}.
   *
   * @param bytes exactly what the begin method answered
   */
  public void advance(int bytes) {
    if (bytes != owed) {
      throw new IllegalStateException(bytes + " bytes of " + owed + " announced");
    }
    at += bytes;
    owed = 0;
  }

  /** PADDING: {@code bytes} of them (§5.2). */
  public boolean padding(int bytes) {
    if (bytes > begin()) {
      return false;
    }
    for (int i = 0; i < bytes; i++) {
      out[at++] = FrameType.PADDING;
    }
    return true;
  }

  /** PING (§5.2). */
  public boolean ping() {
    return open(FrameType.PING, 0);
  }

  /**
   * ACK, or ACK_ECN if {@code ce} is not negative (§5.3). Takes ranges in ascending order and
   * writes the newest first, as many as fit and at most {@link WireLimits#MAX_ACK_RANGES}.
   *
   * @param ackDelayMicros time since the receipt of the largest; values above {@link
   *     WireLimits#MAX_ACK_DELAY_MICROS} are written as that
   * @param first smallest number of each range, ascending
   * @param last largest number of each range; {@code last[i] + 1 < first[i + 1]}
   * @param count number of ranges, at least 1
   * @param ect0 packets received with ECT(0) so far; like {@code ect1} of meaning only with {@code
   *     ce}
   * @param ce packets received with CE so far, or -1 for a plain ACK
   * @return ranges written; 0: nothing fits
   */
  public int ack(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ce) {
    int newest = count - 1;
    long delay = Math.min(ackDelayMicros, WireLimits.MAX_ACK_DELAY_MICROS);
    int size = 1 + VarInt.length(last[newest]) + VarInt.length(delay) + 1;
    size += VarInt.length(last[newest] - first[newest]);
    if (ce >= 0) {
      size += VarInt.length(ect0) + VarInt.length(ect1) + VarInt.length(ce);
    }
    if (size > begin()) {
      return 0;
    }
    int most = Math.min(count, WireLimits.MAX_ACK_RANGES);
    int ranges = 1;
    while (ranges < most) {
      int i = newest - ranges;
      size += VarInt.length(first[i + 1] - last[i] - 2) + VarInt.length(last[i] - first[i]);
      if (size > remaining()) {
        break;
      }
      ranges++;
    }
    out[at++] = (byte) (ce < 0 ? FrameType.ACK : FrameType.ACK_ECN);
    put(last[newest]);
    put(delay);
    put(ranges - 1);
    put(last[newest] - first[newest]);
    for (int i = newest - 1; i > newest - ranges; i--) {
      put(first[i + 1] - last[i] - 2);
      put(last[i] - first[i]);
    }
    if (ce >= 0) {
      put(ect0);
      put(ect1);
      put(ce);
    }
    return ranges;
  }

  /** Bytes that a CHANNEL_DATA takes beside its data (§5.4). */
  public static int channelDataOverhead(int channel, long offset, int length) {
    return 1 + VarInt.length(channel) + VarInt.length(offset) + VarInt.length(length);
  }

  /**
   * CHANNEL_DATA or CHANNEL_DATA_LAST with as many of the bytes as fit (§5.4).
   *
   * @return bytes of data written; 0 if not one fits or {@code length} is 0
   */
  public int channelData(int channel, long offset, byte[] bytes, int from, int length) {
    int fits = beginChannelData(channel, offset, length);
    if (fits > 0) {
      System.arraycopy(bytes, from, out, at, fits);
      advance(fits);
    }
    return fits;
  }

  /**
   * Writes the header of a CHANNEL_DATA or CHANNEL_DATA_LAST (§5.4). If the answer is not 0, the
   * caller copies exactly so many bytes to {@link #array()} at {@link #position()} and calls {@link
   * #advance}.
   *
   * <p>Data that ends within a few bytes of the limit is written as CHANNEL_DATA_LAST behind as
   * many bytes of PADDING, because its length would not fit beside it.
   *
   * @param wanted bytes of data at hand
   * @return bytes of data that fit; 0: none, nothing was written
   */
  public int beginChannelData(int channel, long offset, int wanted) {
    int header = 1 + VarInt.length(channel) + VarInt.length(offset);
    int room = begin() - header;
    if (wanted < 1 || room < 1) {
      return 0;
    }
    boolean last = VarInt.length(wanted) + (long) wanted > room;
    int fits = Math.min(wanted, room);
    if (last) {
      padding(room - fits);
    }
    out[at++] = (byte) (last ? FrameType.CHANNEL_DATA_LAST : FrameType.CHANNEL_DATA);
    put(channel);
    put(offset);
    if (!last) {
      put(fits);
    }
    owed = fits;
    return fits;
  }

  /** CHANNEL_FIN (§5.5). */
  public boolean channelFin(int channel, long finalOffset) {
    return numbers(FrameType.CHANNEL_FIN, channel, finalOffset);
  }

  /** MAX_CHANNEL_DATA (§5.6). */
  public boolean maxChannelData(int channel, long maxOffset) {
    return numbers(FrameType.MAX_CHANNEL_DATA, channel, maxOffset);
  }

  /** CHANNEL_BLOCKED (§5.6). */
  public boolean channelBlocked(int channel, long limitOffset) {
    return numbers(FrameType.CHANNEL_BLOCKED, channel, limitOffset);
  }

  /** MAX_MESSAGES (§5.7). */
  public boolean maxMessages(long count) {
    return number(FrameType.MAX_MESSAGES, count);
  }

  /** MAX_MESSAGE_DATA (§5.7). */
  public boolean maxMessageData(long bytes) {
    return number(FrameType.MAX_MESSAGE_DATA, bytes);
  }

  /** MESSAGES_BLOCKED (§5.7). */
  public boolean messagesBlocked(long count, long bytes) {
    return numbers(FrameType.MESSAGES_BLOCKED, count, bytes);
  }

  /**
   * Writes the header of a MESSAGE, MESSAGE_PART or MESSAGE_LATEST (§5.8). If the answer is above
   * 0, the caller copies exactly so many bytes to {@link #array()} at {@link #position()} and calls
   * {@link #advance}.
   *
   * <p>A message without a key that fits whole becomes a MESSAGE; else what fits becomes a part.
   *
   * @param key -1, or the key of a RELIABLE_LATEST message
   * @param totalLength length of the whole message
   * @param offset where in the message the bytes at hand begin
   * @param wanted bytes at hand; 0 only for an empty message
   * @return bytes of data that fit, which is 0 for an empty message that is now written; -1:
   *     nothing fits, nothing was written
   */
  public int beginMessage(
      long id, int channel, long key, long totalLength, long offset, int wanted) {
    int header = 1 + VarInt.length(id) + VarInt.length(channel) + VarInt.length(totalLength);
    int room = begin();
    if (key < 0 && offset == 0 && wanted == totalLength && header + totalLength <= room) {
      out[at++] = FrameType.MESSAGE;
      put(id);
      put(channel);
      put(totalLength);
      owed = wanted;
      return wanted;
    }
    header += VarInt.length(offset) + (key < 0 ? 0 : VarInt.length(key));
    int fits = fitting(room - header, wanted);
    if (fits < 0 || (fits == 0 && totalLength > 0)) {
      return -1;
    }
    out[at++] = (byte) (key < 0 ? FrameType.MESSAGE_PART : FrameType.MESSAGE_LATEST);
    put(id);
    put(channel);
    if (key >= 0) {
      put(key);
    }
    put(totalLength);
    put(offset);
    put(fits);
    owed = fits;
    return fits;
  }

  /** MESSAGE_ABORT (§5.9). */
  public boolean messageAbort(long id, long totalLength) {
    return numbers(FrameType.MESSAGE_ABORT, id, totalLength);
  }

  /**
   * Bytes that a DATAGRAM or DATAGRAM_SEQUENCED takes beside its data (§5.10).
   *
   * @param sequence -1 for a DATAGRAM
   */
  public static int datagramOverhead(int channel, long sequence, int length) {
    int overhead = 1 + VarInt.length(channel) + VarInt.length(length);
    return sequence < 0 ? overhead : overhead + VarInt.length(sequence);
  }

  /**
   * DATAGRAM, or DATAGRAM_SEQUENCED if {@code sequence} is not negative (§5.10). All or nothing.
   */
  public boolean datagram(int channel, long sequence, byte[] bytes, int from, int length) {
    if ((long) datagramOverhead(channel, sequence, length) + length > begin()) {
      return false;
    }
    out[at++] = (byte) (sequence < 0 ? FrameType.DATAGRAM : FrameType.DATAGRAM_SEQUENCED);
    put(channel);
    if (sequence >= 0) {
      put(sequence);
    }
    put(length);
    System.arraycopy(bytes, from, out, at, length);
    at += length;
    return true;
  }

  /** CONFIRM_REQUEST (§5.11). */
  public boolean confirmRequest(boolean ordered, int channel, long number) {
    return confirmation(FrameType.CONFIRM_REQUEST, ordered, channel, number);
  }

  /** CONFIRM (§5.11). */
  public boolean confirm(boolean ordered, int channel, long number) {
    return confirmation(FrameType.CONFIRM, ordered, channel, number);
  }

  /**
   * NEW_CONNECTION_ID (§5.12).
   *
   * @param token {@link WireLimits#RESET_TOKEN_BYTES} bytes
   */
  public boolean newConnectionId(long sequence, long retirePriorTo, long id, byte[] token) {
    if (token.length != WireLimits.RESET_TOKEN_BYTES || retirePriorTo > sequence) {
      throw new IllegalArgumentException("token of " + token.length + " bytes, or retires itself");
    }
    int fields = VarInt.length(sequence) + VarInt.length(retirePriorTo);
    if (!open(
        FrameType.NEW_CONNECTION_ID,
        fields + WireLimits.CONNECTION_ID_BYTES + WireLimits.RESET_TOKEN_BYTES)) {
      return false;
    }
    put(sequence);
    put(retirePriorTo);
    putEightBytes(id);
    System.arraycopy(token, 0, out, at, token.length);
    at += token.length;
    return true;
  }

  /** RETIRE_CONNECTION_ID (§5.12). */
  public boolean retireConnectionId(long sequence) {
    return number(FrameType.RETIRE_CONNECTION_ID, sequence);
  }

  /** PATH_CHALLENGE (§5.13). */
  public boolean pathChallenge(long data) {
    return eightBytes(FrameType.PATH_CHALLENGE, data);
  }

  /** PATH_RESPONSE (§5.13). */
  public boolean pathResponse(long data) {
    return eightBytes(FrameType.PATH_RESPONSE, data);
  }

  /**
   * ACK_FREQUENCY (§5.14).
   *
   * @param packetTolerance at least 1
   * @param maxAckDelayMicros at most {@link WireLimits#MAX_ACK_DELAY_MICROS}
   */
  public boolean ackFrequency(long sequence, long packetTolerance, long maxAckDelayMicros) {
    if (packetTolerance < 1 || maxAckDelayMicros > WireLimits.MAX_ACK_DELAY_MICROS) {
      throw new IllegalArgumentException(packetTolerance + " packets, " + maxAckDelayMicros);
    }
    int fields = VarInt.length(packetTolerance) + VarInt.length(maxAckDelayMicros);
    if (!open(FrameType.ACK_FREQUENCY, VarInt.length(sequence) + fields)) {
      return false;
    }
    put(sequence);
    put(packetTolerance);
    put(maxAckDelayMicros);
    return true;
  }

  /**
   * CLOSE (§5.15).
   *
   * @param text UTF-8
   * @param textLength at most {@link WireLimits#MAX_CLOSE_TEXT_BYTES}
   */
  public boolean close(long code, long applicationCode, byte[] text, int textLength) {
    if (textLength > WireLimits.MAX_CLOSE_TEXT_BYTES) {
      throw new IllegalArgumentException("text of " + textLength + " bytes");
    }
    int fields = VarInt.length(code) + VarInt.length(applicationCode) + VarInt.length(textLength);
    if (!open(FrameType.CLOSE, fields + textLength)) {
      return false;
    }
    put(code);
    put(applicationCode);
    put(textLength);
    System.arraycopy(text, 0, out, at, textLength);
    at += textLength;
    return true;
  }

  private boolean confirmation(int type, boolean ordered, int channel, long number) {
    if (!open(type, 1 + VarInt.length(channel) + VarInt.length(number))) {
      return false;
    }
    out[at++] = (byte) (ordered ? 1 : 0);
    put(channel);
    put(number);
    return true;
  }

  private boolean number(int type, long value) {
    if (!open(type, VarInt.length(value))) {
      return false;
    }
    put(value);
    return true;
  }

  private boolean numbers(int type, long one, long two) {
    if (!open(type, VarInt.length(one) + VarInt.length(two))) {
      return false;
    }
    put(one);
    put(two);
    return true;
  }

  private boolean eightBytes(int type, long data) {
    if (!open(type, Long.BYTES)) {
      return false;
    }
    putEightBytes(data);
    return true;
  }

  /** Writes the type if it and the bytes of the fields behind it fit. */
  private boolean open(int type, int fieldBytes) {
    if (1 + fieldBytes > begin()) {
      return false;
    }
    out[at++] = (byte) type;
    return true;
  }

  /** Bytes that are left; a frame may begin only where the one before is whole. */
  private int begin() {
    if (owed != 0) {
      throw new IllegalStateException(owed + " bytes of the last frame are owed");
    }
    return limit - at;
  }

  private void put(long value) {
    at += VarInt.write(out, at, value);
  }

  private void putEightBytes(long value) {
    BigEndian.putLong(out, at, value);
    at += Long.BYTES;
  }

  /** The most data, at most {@code wanted}, that fits beside its own length; -1: no length fits. */
  private static int fitting(int room, int wanted) {
    if (room < 1) {
      return -1;
    }
    int most = Math.min(wanted, room - 1);
    if (VarInt.length(most) > 1) {
      most = Math.min(wanted, room - 2);
    }
    if (VarInt.length(most) > 2) {
      most = Math.min(wanted, Math.max(0x3fff, room - 4));
    }
    return most;
  }
}
