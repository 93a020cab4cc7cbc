package io.posthorn.endpoint;

import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.RetryCookies;
import io.posthorn.protocol.handshake.SharedRate;
import io.posthorn.protocol.handshake.SpentCookies;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What strangers get: M2 for M1, a cookie when many ask, a refusal when there is no room. Holds the
 * handshakes that wait for M3, bounded in number and time; sends at most what came, three times.
 *
 * <p>A stranger who has not proved its address costs something only while few do: {@link
 * #COOKIE_THRESHOLD} half-open handshakes, {@link #UNPROVED_PER_SECOND} begun a second over all,
 * and a rate for each address prefix. Beyond any of these it is asked for a cookie, which costs one
 * hash. With one it has a rate of its prefix too, and all together one that leaves the processor to
 * those who are connected. The own machine is no stranger: it has no rate of its prefix.
 */
final class Admission {
  /** Handshakes that may wait for M3. */
  static final int HALF_OPEN_LIMIT = 1024;

  /** From so many on, an address must prove itself with a cookie before any Diffie–Hellman. */
  static final int COOKIE_THRESHOLD = 256;

  /** Handshakes without a cookie that all together may begin in a second, and at once. */
  static final int UNPROVED_PER_SECOND = 256;

  /** Handshakes that all together may begin in a second, over time: half of a core or less. */
  static final int HANDSHAKES_PER_SECOND = 1000;

  /** Handshakes without a cookie that one address prefix may begin in a second. */
  static final int UNPROVED_PER_PREFIX = 50;

  /** Handshakes with a cookie that one address prefix may begin in a second. */
  static final int PROVED_PER_PREFIX = 50;

  /** Of either, how many at once. */
  static final int BURST_PER_PREFIX = 256;

  /** Where there is no more room, a handshake that waited so long for its M3 makes some. */
  static final long REPLACEABLE_AFTER_NANOS = 1_000_000_000L;

  /** How long M3 may take. */
  static final long HALF_OPEN_NANOS = 10_000_000_000L;

  private static final int KEY_BYTES = 32;

  private final EndpointResources shared;
  private final HandshakeSuite suite;
  private final int cookieThreshold;
  private final RetryCookies cookies;
  private final SpentCookies spent = new SpentCookies();
  private final PrefixRates unproved;
  private final PrefixRates proved;
  private final long hashSeed;
  private final long hashFactor;
  private final SharedRate unprovedTogether =
      new SharedRate(UNPROVED_PER_SECOND, UNPROVED_PER_SECOND);
  private final SharedRate together = new SharedRate(HANDSHAKES_PER_SECOND, HALF_OPEN_LIMIT + 100);
  private final Outbox outbox;
  private final FirstMessagePacket first = new FirstMessagePacket();
  private final Map<HalfOpen.Key, HalfOpen> byKey = new LinkedHashMap<>();
  private final Map<Long, HalfOpen> byId = new HashMap<>();
  private final byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
  private final byte[] parameters = new byte[WireLimits.MAX_PARAMETERS_BYTES];
  private final byte[] cookie = new byte[WireLimits.MAX_COOKIE_BYTES];

  Admission(EndpointResources shared, HandshakeSuite suite, int cookieThreshold, Outbox outbox) {
    this.shared = shared;
    this.suite = suite;
    this.cookieThreshold = cookieThreshold;
    this.outbox = outbox;
    this.cookies = new RetryCookies(shared.random());
    byte[] secret = shared.ids().token(0); // of an id that is given to nobody
    this.unproved =
        new PrefixRates(UNPROVED_PER_PREFIX, BURST_PER_PREFIX, BigEndian.getLong(secret, 0));
    this.proved =
        new PrefixRates(PROVED_PER_PREFIX, BURST_PER_PREFIX, BigEndian.getLong(secret, 8));
    byte[] another = shared.ids().token(1);
    this.hashSeed = BigEndian.getLong(another, 0);
    this.hashFactor = BigEndian.getLong(another, 8) | 1;
  }

  /** Checks the form of M1; {@link #first} holds its fields afterwards. */
  DropReason check(byte[] datagram, int from, int length, InetSocketAddress source) {
    DropReason reason = first.check(datagram, from, length);
    if (reason == DropReason.UNSUPPORTED_VERSION && length >= WireLimits.MINIMUM_DATAGRAM_BYTES) {
      byte[] answer = new byte[64];
      int bytes = ControlPacket.writeVersions(answer, 0, first.initiatorConnectionId());
      outbox.add(Arrays.copyOf(answer, bytes), source);
    }
    if (reason == DropReason.NONE && first.suite() != suite.code()) {
      refuse(source, CloseReason.SECURITY);
      return DropReason.SECURITY_MISMATCH;
    }
    return reason;
  }

  /** The M1 that was checked last. */
  FirstMessagePacket first() {
    return first;
  }

  /** Answers M1 with a refusal. */
  void refuse(InetSocketAddress source, CloseReason reason) {
    byte[] answer = new byte[32];
    int bytes = ControlPacket.writeRefused(answer, 0, first.initiatorConnectionId(), reason);
    outbox.add(Arrays.copyOf(answer, bytes), source);
  }

  /** Answers the checked M1: M2, the same M2 again, or a request for a cookie. */
  DropReason onFirst(byte[] datagram, InetSocketAddress source, long nowNanos) {
    if (first.bodyLength() < KEY_BYTES) {
      return DropReason.MALFORMED_HANDSHAKE;
    }
    int bodyFrom = first.bodyFrom();
    ByteBuffer ephemeral =
        ByteBuffer.wrap(Arrays.copyOfRange(datagram, bodyFrom, bodyFrom + KEY_BYTES));
    HalfOpen.Key key =
        HalfOpen.Key.of(source, first.initiatorConnectionId(), ephemeral, hashSeed, hashFactor);
    HalfOpen known = byKey.get(key);
    if (known != null) {
      known.onSecondSent(nowNanos);
      outbox.add(known.second, source);
      return DropReason.NONE;
    }
    long cookieName = 0;
    if (!mayBeginUnproved(source, nowNanos)) {
      DropReason reason = demandCookie(datagram, source, nowNanos);
      if (reason != DropReason.NONE || first.cookieLength() == 0) {
        return reason;
      }
      if (!isOwnMachine(source) && !proved.allow(source, nowNanos)) {
        return DropReason.RATE_LIMITED;
      }
      cookieName = RetryCookies.name(datagram, first.cookieFrom());
    }
    if (byKey.size() >= HALF_OPEN_LIMIT && !makeRoom(nowNanos)) {
      return DropReason.HALF_OPEN_LIMIT;
    }
    if (!together.allow(nowNanos)) {
      return DropReason.RATE_LIMITED;
    }
    return answer(key, datagram, cookieName, source, nowNanos);
  }

  private boolean mayBeginUnproved(InetSocketAddress source, long nowNanos) {
    return byKey.size() < cookieThreshold
        && (isOwnMachine(source) || unproved.allow(source, nowNanos))
        && unprovedTogether.allow(nowNanos);
  }

  private static boolean isOwnMachine(InetSocketAddress source) {
    return source.getAddress().isLoopbackAddress();
  }

  /** Forgets the oldest handshake if it had its time; an honest client begins again. */
  private boolean makeRoom(long nowNanos) {
    Iterator<HalfOpen> each = byKey.values().iterator();
    HalfOpen oldest = each.next();
    if (oldest.expiresNanos - HALF_OPEN_NANOS + REPLACEABLE_AFTER_NANOS > nowNanos) {
      return false;
    }
    each.remove();
    byId.remove(oldest.responderConnectionId);
    oldest.handshake.destroy();
    return true;
  }

  /** Asks for a cookie if there is none; NONE if the one there is good and not spent. */
  private DropReason demandCookie(byte[] datagram, InetSocketAddress source, long nowNanos) {
    long id = first.initiatorConnectionId();
    if (first.cookieLength() > 0) {
      return cookies.verify(
                  source,
                  id,
                  datagram,
                  first.bodyFrom(),
                  datagram,
                  first.cookieFrom(),
                  first.cookieLength(),
                  nowNanos)
              && !spent.contains(RetryCookies.name(datagram, first.cookieFrom()), nowNanos)
          ? DropReason.NONE
          : DropReason.COOKIE_INVALID;
    }
    int length = cookies.issue(source, id, datagram, first.bodyFrom(), nowNanos, cookie, 0);
    byte[] answer = new byte[16 + WireLimits.MAX_COOKIE_BYTES];
    int bytes = ControlPacket.writeRetry(answer, 0, id, cookie, length);
    outbox.add(Arrays.copyOf(answer, bytes), source);
    return DropReason.NONE;
  }

  private DropReason answer(
      HalfOpen.Key key, byte[] datagram, long cookieName, InetSocketAddress source, long nowNanos) {
    Handshake handshake = suite.responder(key.initiatorConnectionId());
    if (!handshake.readFirst(datagram, first.bodyFrom(), first.bodyLength())) {
      handshake.destroy();
      return DropReason.MALFORMED_HANDSHAKE;
    }
    long id = shared.ids().next();
    int parametersLength = PeerConnection.parameters(shared, id).encode(parameters, 0);
    int bodyLength = handshake.writeSecond(parameters, parametersLength, body, 0);
    byte[] second = new byte[32 + bodyLength];
    int bytes =
        SecondMessagePacket.write(second, 0, key.initiatorConnectionId(), id, body, bodyLength);
    HalfOpen halfOpen =
        new HalfOpen(
            key,
            id,
            handshake,
            Arrays.copyOf(second, bytes),
            cookieName,
            nowNanos + HALF_OPEN_NANOS);
    byKey.put(key, halfOpen);
    byId.put(id, halfOpen);
    halfOpen.onSecondSent(nowNanos);
    outbox.add(halfOpen.second, source);
    return DropReason.NONE;
  }

  /** The handshake whose M3 carries this id, or null. */
  @Nullable HalfOpen find(long responderConnectionId) {
    return byId.get(responderConnectionId);
  }

  /**
   * Whether one more M3 may be tried after one was refused. Each counts as a handshake of the
   * prefix that sent M1, which had M2 at that address: so whoever guesses at a pre-shared secret
   * gets no more guesses than handshakes.
   */
  boolean mayTryAgain(HalfOpen halfOpen, long nowNanos) {
    InetSocketAddress source = halfOpen.key.address();
    return (isOwnMachine(source) || proved.allow(source, nowNanos)) && together.allow(nowNanos);
  }

  /**
   * M3 verified, and its sender is not let in: it is told so by this datagram, which may be lost,
   * and so again by {@link #refuseAgain} until the handshake expires.
   */
  void refuse(HalfOpen halfOpen, byte[] refusal) {
    outbox.add(refusal, halfOpen.key.address());
  }

  /** A further M3 came, or what looks like one, in so many bytes: no more leave for it. */
  void refuseAgain(HalfOpen halfOpen, byte[] refusal, int bytes) {
    if (refusal.length <= bytes) {
      outbox.add(refusal, halfOpen.key.address());
    }
  }

  /** A handshake is complete: its cookie, while it lasts, begins no other. */
  void remove(HalfOpen halfOpen, long nowNanos) {
    if (halfOpen.cookie != 0) {
      spent.add(halfOpen.cookie, nowNanos);
    }
    byKey.remove(halfOpen.key);
    byId.remove(halfOpen.responderConnectionId);
  }

  int halfOpenCount() {
    return byKey.size();
  }

  /** When the oldest handshake expires. */
  long deadlineNanos() {
    return byKey.isEmpty() ? Endpoint.NEVER : byKey.values().iterator().next().expiresNanos;
  }

  /** Forgets handshakes whose M3 did not come, or was refused. */
  void onTimeout(long nowNanos) {
    if (byKey.isEmpty()) {
      return; // as it is nearly always: no iterator for that
    }
    for (Iterator<HalfOpen> each = byKey.values().iterator(); each.hasNext(); ) {
      HalfOpen halfOpen = each.next();
      if (halfOpen.expiresNanos > nowNanos) {
        return;
      }
      each.remove();
      byId.remove(halfOpen.responderConnectionId);
      halfOpen.handshake.destroy();
    }
  }

  /** Forgets all. */
  void clear() {
    for (HalfOpen halfOpen : byKey.values()) {
      halfOpen.handshake.destroy();
    }
    byKey.clear();
    byId.clear();
  }
}
