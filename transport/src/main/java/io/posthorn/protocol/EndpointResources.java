package io.posthorn.protocol;

import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
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
 * @param keyLimits how long keys are used
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
    KeyLimits keyLimits,
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
        KeyLimits.DEFAULT,
        null);
  }

  /** The keys for data packets of a handshake that is done. */
  public PacketProtection keysOf(Handshake handshake) {
    return handshake.split(keyLimits, scratch.ciphers());
  }
}
