package io.posthorn.protocol;

import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import java.util.SplittableRandom;

/** What the connections of an endpoint share, for a part of one that stands alone. */
public final class LoneResources {
  private LoneResources() {}

  /**
   * Those of an endpoint whose port nobody knows, and which draws any connection id.
   *
   * @param memoryBytes what all received messages may take
   */
  public static EndpointResources of(
      SocketOptions options, SplittableRandom random, long memoryBytes) {
    return new EndpointResources(
        options,
        random,
        new ReceiveMemory(memoryBytes),
        new Scratch(),
        new ConnectionIdIssuer(StaticKey.generate(random), null, random, id -> false),
        PortLimits.UNKNOWN,
        1,
        new Announcement());
  }
}
