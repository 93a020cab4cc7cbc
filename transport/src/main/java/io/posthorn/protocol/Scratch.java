package io.posthorn.protocol;

import io.posthorn.protocol.protection.AesCiphers;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.WireLimits;

/** Work space that all connections of one endpoint use in turn. */
public final class Scratch {
  private final byte[] plain = new byte[WireLimits.MAX_DATAGRAM_BYTES];
  private final byte[] frames = new byte[WireLimits.MAX_DATAGRAM_BYTES];
  private final FrameWriter writer = new FrameWriter();
  private final FrameReader reader = new FrameReader();
  private final AesCiphers ciphers = new AesCiphers();

  /** Opened frames of the packet at hand, or the payload of a handshake message. */
  public byte[] plain() {
    return plain;
  }

  /** Frames of the packet that is being filled. */
  public byte[] frames() {
    return frames;
  }

  /** Seal and open the packet at hand. */
  public AesCiphers ciphers() {
    return ciphers;
  }

  /** Writes the frames of the packet that is being filled. */
  public FrameWriter writer() {
    return writer;
  }

  /** Reads the frames of the packet at hand. */
  public FrameReader reader() {
    return reader;
  }
}
