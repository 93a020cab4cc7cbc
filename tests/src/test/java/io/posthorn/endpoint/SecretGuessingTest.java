package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * FAULTS 58: somebody who guesses at a pre-shared secret. AES-GCM lets him make one text that
 * verifies under two guesses or more; an answer that tells whether one of them was right would
 * halve what is left to guess each time.
 */
class SecretGuessingTest {
  private static final long S = 1_000_000_000L;
  private static final long OWN_ID = 0x0123456789abcdefL;
  private static final int BODY_AT = 1 + 8 + 2;
  private static final int SEALED_KEY_BYTES = 48;
  private static final InetSocketAddress GUESSER = HandPeer.address(66);

  private static final byte[] ONE = secret(1);
  private static final byte[] TWO = secret(2);
  private static final byte[] THREE = secret(3);

  private static byte[] secret(int number) {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) number);
    return secret;
  }

  private static SocketOptions options(byte[] secret) {
    return HandPeer.options(Security.preSharedKey(secret), 100, 1 << 28);
  }

  /** A listener with this secret, and all that it says. */
  private static final class Listener {
    final ReliableEndpoint endpoint;
    final List<String> said = new ArrayList<>();
    private final TransmitBatch batch = new TransmitBatch();
    private long nowNanos;

    Listener(byte[] secret) {
      endpoint = HandPeer.endpoint(options(secret), 1);
    }

    void hear(byte[] datagram) {
      endpoint.onDatagram(ByteBuffer.wrap(datagram.clone()), GUESSER, EcnMark.NOT_ECT, nowNanos);
      collect();
    }

    void pass(long nanos) {
      nowNanos += nanos;
      endpoint.onTimeout(nowNanos);
      collect();
    }

    private void collect() {
      while (endpoint.pollTransmit(batch, nowNanos)) {
        byte[] datagram = Arrays.copyOf(batch.bytes(), batch.lengthBytes());
        said.add(nowNanos + " " + HexFormat.of().formatHex(datagram));
      }
    }

    byte[] last() {
      String line = said.get(said.size() - 1);
      return HexFormat.of().parseHex(line.substring(line.indexOf(' ') + 1));
    }

    /** All that can be told from outside, and more: the reasons are counted inside. */
    List<String> seen() {
      List<String> seen = new ArrayList<>(said);
      for (DropReason reason : DropReason.values()) {
        seen.add(reason + " " + endpoint.counters().drops(reason));
      }
      seen.add("next " + endpoint.nextTimeoutNanos());
      seen.add("event " + endpoint.pollEvent());
      return seen;
    }
  }

  /** One attempt under one guess; all guesses of a guesser share ephemeral and static key. */
  private static final class Guess {
    final byte[] secret;
    final NoiseXX handshake;
    final byte[] first;
    byte[] third = {};
    byte[] key = {};
    byte[] hash = {};

    Guess(byte[] secret) {
      this.secret = secret;
      SplittableRandom random = new SplittableRandom(5);
      StaticKey identity = StaticKey.generate(random);
      handshake = NoiseXX.initiator(identity, OWN_ID, secret, random);
      handshake.keepKeys();
      byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
      int length = handshake.writeFirst(body, 0);
      first = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
      FirstMessagePacket.write(
          first, 0, WireLimits.SUITE_NOISE_XX_PSK3, OWN_ID, new byte[0], 0, body, length);
    }

    void read(byte[] datagram) {
      SecondMessagePacket second = new SecondMessagePacket();
      assertEquals(DropReason.NONE, second.check(datagram, 0, datagram.length));
      byte[] payload = new byte[WireLimits.MAX_PARAMETERS_BYTES];
      assertTrue(
          handshake.readSecond(datagram, second.bodyFrom(), second.bodyLength(), payload) > 0);
      TransportParameters own = new TransportParameters();
      own.connectionId = OWN_ID;
      own.maxWholeMessageBytes = 1 << 20;
      byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
      int length = handshake.writeThird(payload, own.encode(payload, 0), body, 0);
      third = Arrays.copyOf(body, length);
      handshake.revealKeys(
          (secondStatic, secondPayload, thirdPayload, thirdHash) -> {
            key = thirdPayload.clone();
            hash = thirdHash.clone();
          });
    }

    /** M3's body with another text in the place of the parameters. */
    byte[] bodyWith(byte[] sealed) {
      byte[] body = Arrays.copyOf(third, SEALED_KEY_BYTES + sealed.length);
      System.arraycopy(sealed, 0, body, SEALED_KEY_BYTES, sealed.length);
      return body;
    }

    /** What a text says under this guess; null if it does not verify. */
    byte @Nullable [] opens(byte[] sealed) {
      try {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(
            Cipher.DECRYPT_MODE,
            new SecretKeySpec(key, "AES"),
            new GCMParameterSpec(128, new byte[12]));
        cipher.updateAAD(hash);
        return cipher.doFinal(sealed);
      } catch (GeneralSecurityException e) {
        return null;
      }
    }

    TwoKeySeal.Key sealing() {
      return new TwoKeySeal.Key(key, hash);
    }

    /** What is XORed upon the byte at this place of the text. */
    int keyStream(int at) {
      return TwoKeySeal.block(key, 2 + at / TwoKeySeal.BLOCK_BYTES)[at % TwoKeySeal.BLOCK_BYTES];
    }
  }

  private static byte[] thirdPacket(byte[] body, long responderId) {
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    int length = ThirdMessagePacket.write(out, 0, responderId, body, body.length);
    return Arrays.copyOf(out, length);
  }

  @Test
  void fault58_aTextForTwoSecretsTellsNobodyWhetherOneIsRight() {
    Listener hit = new Listener(ONE);
    Listener miss = new Listener(THREE);
    Guess one = new Guess(ONE);
    Guess two = new Guess(TWO);
    assertArrayEquals(one.first, two.first, "the guess shows in the third message only");
    hit.hear(one.first);
    miss.hear(one.first);
    byte[] second = hit.last();
    assertArrayEquals(second, miss.last());
    one.read(second);
    two.read(second);

    byte[] text =
        TwoKeySeal.seal(one.sealing(), two.sealing(), new byte[3 * TwoKeySeal.BLOCK_BYTES]);
    assertTrue(one.opens(text) != null && two.opens(text) != null, "one text, two keys");
    byte[] body = one.bodyWith(text);
    assertArrayEquals(body, two.bodyWith(text));
    long responderId = BigEndian.getLong(second, 1 + Long.BYTES);
    byte[] forged = thirdPacket(body, responderId);
    byte[] withData = Arrays.copyOf(forged, forged.length + 60);
    withData[forged.length] = PacketHeader.DATA;
    BigEndian.putLong(withData, forged.length + 1, responderId);
    for (Listener listener : List.of(hit, miss)) {
      listener.hear(forged);
      listener.hear(one.first);
      listener.hear(withData);
      listener.hear(forged);
      listener.pass(S);
      listener.hear(one.first);
      for (int i = 0; i < 300; i++) {
        listener.hear(i % 2 == 0 ? forged : one.first);
      }
      listener.pass(S);
    }
    assertEquals(miss.seen(), hit.seen());
    assertArrayEquals(second, hit.last(), "the same M2 to the end");

    // It was the right secret, and who knows that alone is let in after all of this.
    hit.hear(thirdPacket(one.third, responderId));
    assertEquals(1, hit.endpoint.connections(hit.nowNanos).size());
    miss.hear(thirdPacket(one.third, responderId));
    assertEquals(0, miss.endpoint.connections(miss.nowNanos).size());
    // When its time is over, nothing is left of either.
    miss.pass(Admission.HALF_OPEN_NANOS);
    miss.hear(one.first);
    assertNotEquals(HexFormat.of().formatHex(second), HexFormat.of().formatHex(miss.last()));
  }

  /**
   * A text that holds true parameters under either of two secrets, each at another place and the
   * rest in parameters that are skipped: that is two guesses for one. It would have to begin with
   * one that is skipped, and that is refused.
   */
  @Test
  void fault58_noTextMakesSenseUnderTwoSecrets() {
    Listener first = new Listener(secret(1));
    Guess[] guesses = new Guess[250];
    for (int i = 0; i < guesses.length; i++) {
      guesses[i] = new Guess(secret(i));
      if (i == 0) {
        first.hear(guesses[i].first);
      }
      guesses[i].read(first.last());
    }
    TwoTexts found = TwoTexts.among(guesses);
    byte[] sealed = TwoKeySeal.seal(found.one.sealing(), found.two.sealing(), found.text());
    for (int i = 0; i < 2; i++) {
      Guess guess = i == 0 ? found.one : found.two;
      byte[] plain = guess.opens(sealed);
      assertNotNull(plain);
      assertEquals(0, plain[0]);
      int from = 2 + plain[1];
      assertNotNull(TransportParameters.decode(plain, from, plain.length - from), "true ones");
      Listener listener = new Listener(guess.secret);
      listener.hear(guess.first);
      long responderId = BigEndian.getLong(listener.last(), 1 + Long.BYTES);
      listener.hear(thirdPacket(guess.bodyWith(sealed), responderId));
      assertEquals(0, listener.endpoint.connections(0).size(), "let in by a text for two");
      assertEquals(1, listener.endpoint.counters().drops(DropReason.HANDSHAKE_FORGED));
      listener.hear(thirdPacket(guess.third, responderId));
      assertEquals(1, listener.endpoint.connections(0).size(), "it is the right secret");
    }
  }

  /**
   * Two guesses for which one byte begins a parameter 0x00 and the next is its length, such that
   * what follows it has room for both.
   */
  private record TwoTexts(Guess one, Guess two, int second) {
    private static final int BYTES = 9 * TwoKeySeal.BLOCK_BYTES;
    private static final int MOST_SKIPPED = 0x3f;

    /** Both ids, a maxWholeMessage that is accepted, and a parameter that is skipped to the end. */
    private static final int PARAMETERS_BYTES = 10 + 10 + 6 + 3;

    static TwoTexts among(Guess[] guesses) {
      for (Guess one : guesses) {
        for (Guess two : guesses) {
          for (int second = 0; second < 256 && one.keyStream(0) == two.keyStream(0); second++) {
            TwoTexts texts = new TwoTexts(one, two, second);
            int before = texts.skipped(one);
            int behind = texts.skipped(two);
            if (before + PARAMETERS_BYTES <= behind && behind <= MOST_SKIPPED) {
              return texts;
            }
          }
        }
      }
      throw new AssertionError("no two among " + guesses.length);
    }

    private int skipped(Guess guess) {
      return (second ^ guess.keyStream(1)) & 0xff;
    }

    byte[] text() {
      byte[] text = new byte[BYTES];
      text[0] = (byte) one.keyStream(0);
      text[1] = (byte) second;
      for (int i = 0; i < 2; i++) {
        Guess guess = i == 0 ? one : two;
        int at = 2 + skipped(guess);
        ByteBuffer plain = ByteBuffer.allocate(PARAMETERS_BYTES);
        plain.put((byte) 0x01).put((byte) 8).putLong(OWN_ID);
        plain.put((byte) 0x02).put((byte) 8).putLong(7);
        plain.put((byte) 0x0a).put((byte) 4).putInt(0x8010_0000);
        plain.put((byte) 0x3f).putShort((short) (0x4000 | (BYTES - at - PARAMETERS_BYTES)));
        for (int j = 0; j < PARAMETERS_BYTES; j++) {
          text[at + j] = (byte) (plain.get(j) ^ guess.keyStream(at + j));
        }
      }
      return text;
    }
  }

  /**
   * FAULTS 43 and 58: wrong third messages of one handshake count as handshakes of their prefix, so
   * that there are no more guesses than those; the true one passes after them.
   */
  @Test
  void fault43_fault58_wrongThirdMessagesCountAsHandshakes() {
    SocketOptions options = options(ONE);
    ReliableEndpoint endpoint = HandPeer.endpoint(options, 1);
    HandPeer guesser = new HandPeer(endpoint, options, 66, 1);
    guesser.deliver(guesser.first());
    int tried = guess(guesser, 5_000);
    assertEquals(1 + Admission.BURST_PER_PREFIX, tried, "at once");
    for (int second = 0; second < 5; second++) {
      guesser.advance(S);
      tried = guess(guesser, 1_000);
      assertTrue(tried <= Admission.PROVED_PER_PREFIX + 1, tried + " in a second");
    }
    HandPeer other = new HandPeer(endpoint, options, 7, 2);
    other.nowNanos = guesser.nowNanos;
    other.connect();
    guesser.advance(S);
    guesser.deliver(guesser.third);
    assertTrue(guesser.handle() != Endpoint.NO_CONNECTION, "the true one is let in");
  }

  /** Who sees M3 on its way and forges its static key uses nothing of that up. */
  @Test
  void fault43_thirdMessagesWithoutTheKeysCountForNothing() {
    SocketOptions options = options(ONE);
    HandPeer peer = new HandPeer(HandPeer.endpoint(options, 1), options, 66, 1);
    peer.deliver(peer.first());
    for (int i = 0; i < 2_000; i++) {
      byte[] forged = peer.third.clone();
      // Once he turns a bit of the payload, which he may, and is tried as the true one would be.
      forged[BODY_AT + (i == 700 ? SEALED_KEY_BYTES : i % SEALED_KEY_BYTES)] ^= 1;
      peer.deliver(forged);
    }
    assertEquals(2_000, peer.endpoint.counters().drops(DropReason.HANDSHAKE_FORGED));
    assertEquals(0, peer.endpoint.counters().drops(DropReason.RATE_LIMITED));
    peer.deliver(peer.third);
    assertTrue(peer.handle() != Endpoint.NO_CONNECTION);
  }

  /** Gives so many wrong ones; answers how many were tried and did not verify. */
  private static int guess(HandPeer guesser, int count) {
    EndpointCounters counters = guesser.endpoint.counters();
    long before = counters.drops(DropReason.HANDSHAKE_FORGED);
    long limited = counters.drops(DropReason.RATE_LIMITED);
    for (int i = 0; i < count; i++) {
      byte[] wrong = guesser.third.clone();
      wrong[wrong.length - 1 - i % 16] ^= (byte) (1 + i % 255);
      guesser.deliver(wrong);
    }
    int tried = (int) (counters.drops(DropReason.HANDSHAKE_FORGED) - before);
    assertEquals(count, tried + counters.drops(DropReason.RATE_LIMITED) - limited);
    return tried;
  }
}
