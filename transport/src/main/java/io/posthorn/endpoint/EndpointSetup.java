package io.posthorn.endpoint;

import io.posthorn.SocketOptions;
import io.posthorn.identity.Identity;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.protection.KeyLimits;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ReliableEndpoint} is made of. Immutable: each {@code with…} answers another.
 *
 * @param options validated; mode RELIABLE
 * @param random the source of all keys and ids: a SecureRandom, or a seeded generator in the
 *     simulator
 * @param isSelf whether an address is one of this socket's own
 * @param identity that of this host, the same after a restart, so that peers of before learn of it
 *     by a reset if the port is the same; null for that of the options' security, or, if it has
 *     none, for one that lives as long as the endpoint
 * @param port where it is bound, and what the host lets through
 * @param trace told what happens; null for nobody
 * @param share what it has in common with others at its port; null if it is the only one
 * @param cookieThreshold half-open handshakes from which on a stranger is asked for a cookie; 0 for
 *     each one
 * @param keyLimits how long keys are used
 */
public record EndpointSetup(
    SocketOptions options,
    RandomGenerator random,
    Predicate<InetSocketAddress> isSelf,
    @Nullable StaticKey identity,
    PortLimits port,
    @Nullable EndpointTrace trace,
    @Nullable PortShare share,
    int cookieThreshold,
    KeyLimits keyLimits) {
  /** With the identity of the options' security, at a port of its own of which nothing is known. */
  public EndpointSetup(
      SocketOptions options, RandomGenerator random, Predicate<InetSocketAddress> isSelf) {
    this(
        options,
        random,
        isSelf,
        null,
        PortLimits.UNKNOWN,
        null,
        null,
        Admission.COOKIE_THRESHOLD,
        KeyLimits.DEFAULT);
  }

  /** The same with this identity; null for that of the options' security. */
  public EndpointSetup withIdentity(@Nullable StaticKey known) {
    return new EndpointSetup(
        options, random, isSelf, known, port, trace, share, cookieThreshold, keyLimits);
  }

  /** The same at this port. */
  public EndpointSetup withPort(PortLimits at) {
    return new EndpointSetup(
        options, random, isSelf, identity, at, trace, share, cookieThreshold, keyLimits);
  }

  /** The same, which somebody watches; null for nobody. */
  public EndpointSetup withTrace(@Nullable EndpointTrace told) {
    return new EndpointSetup(
        options, random, isSelf, identity, port, told, share, cookieThreshold, keyLimits);
  }

  /** The same as one of several at its port. */
  public EndpointSetup withShare(PortShare common) {
    return new EndpointSetup(
        options, random, isSelf, identity, port, trace, common, cookieThreshold, keyLimits);
  }

  /** The same with a cookie asked for from so many half-open handshakes on. */
  EndpointSetup withCookieThreshold(int halfOpen) {
    return new EndpointSetup(
        options, random, isSelf, identity, port, trace, share, halfOpen, keyLimits);
  }

  /** The same with keys used so long. */
  EndpointSetup withKeyLimits(KeyLimits limits) {
    return new EndpointSetup(
        options, random, isSelf, identity, port, trace, share, cookieThreshold, limits);
  }

  /**
   * The key pair that is the same after a restart; null if there is none.
   *
   * @throws IllegalStateException if its private key was erased
   */
  @Nullable StaticKey lastingKey() {
    if (identity != null) {
      return identity;
    }
    Identity own = options.security().identity();
    if (own == null) {
      return null;
    }
    byte[] privateKey = own.privateKey();
    own.requireThere(); // now, after the copy, which is whole then
    StaticKey key = StaticKey.of(privateKey);
    Arrays.fill(privateKey, (byte) 0);
    return key;
  }

  /** The key pair of an endpoint that has no lasting one. */
  StaticKey passingKey() {
    return share == null ? StaticKey.generate(random) : share.key();
  }
}
