package io.posthorn.protocol.handshake;

import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What M1 says in clear and both sides must have read alike: it begins every transcript, so that a
 * changed version, suite or connection id makes the handshake fail.
 */
public final class Prologue {
  //  0          8         12      13
  //  +----------+---------+-------+-------------------------+
  //  | posthorn | version | suite | initiator connection id |
  //  +----------+---------+-------+-------------------------+
  private static final byte[] NAME = "posthorn".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION_AT = 8;
  private static final int SUITE_AT = VERSION_AT + 4;
  private static final int CONNECTION_ID_AT = SUITE_AT + 1;

  private Prologue() {}

  /** The prologue of a handshake with this suite, by the initiator's id. */
  public static byte[] of(int suite, long initiatorConnectionId) {
    byte[] prologue = Arrays.copyOf(NAME, CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES);
    BigEndian.putInt(prologue, VERSION_AT, WireLimits.VERSION);
    prologue[SUITE_AT] = (byte) suite;
    BigEndian.putLong(prologue, CONNECTION_ID_AT, initiatorConnectionId);
    return prologue;
  }
}
