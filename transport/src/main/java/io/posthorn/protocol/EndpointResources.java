package io.posthorn.protocol;

import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.recovery.ProbeRate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of one endpoint share.
 *
 * @param options the socket's settings
 * @param random the source of all chance
 * @param memory received bytes of all connections, against the socket's ceiling
 * @param scratch work space
 * @param ids draws the connection ids of this side
 * @param port where the host's port is bound, and what it lets through
 * @param instanceId tells this run of the socket from the one before
 * @param announcement what the application has each new peer told
 * @param probeRate of probes into silence
 * @param trace who is told what happens; null for nobody
 */
public record EndpointResources(
    SocketOptions options,
    RandomGenerator random,
    ReceiveMemory memory,
    Scratch scratch,
    ConnectionIdIssuer ids,
    PortLimits port,
    long instanceId,
    Announcement announcement,
    ProbeRate probeRate,
    @Nullable EndpointTrace trace) {

  /** With nothing that another endpoint would share, and nobody who watches. */
  public EndpointResources(
      SocketOptions options,
      RandomGenerator random,
      ReceiveMemory memory,
      Scratch scratch,
      ConnectionIdIssuer ids,
      PortLimits port,
      long instanceId,
      Announcement announcement) {
    this(
        options,
        random,
        memory,
        scratch,
        ids,
        port,
        instanceId,
        announcement,
        new ProbeRate(),
        null);
  }
}
