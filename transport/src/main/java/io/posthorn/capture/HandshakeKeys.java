package io.posthorn.capture;

/**
 * What the messages of one handshake are sealed with, as a key log has it (PROTOCOL.md §4.8); 32
 * bytes each.
 *
 * @param secondStatic the static key in M2
 * @param secondPayload the parameters in M2, and the static key in M3
 * @param thirdPayload the parameters in M3
 * @param thirdHash the transcript hash that these are bound to
 */
@SuppressWarnings("ArrayRecordComponent") // secrets are used, never compared
public record HandshakeKeys(
    byte[] secondStatic, byte[] secondPayload, byte[] thirdPayload, byte[] thirdHash) {
  @Override
  public String toString() {
    return "keys of a handshake";
  }
}
