package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.protection.PacketProtection;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Which secrets a handshake commits to, and that no key comes twice. */
class KeyCommitmentTest {
  /** The profile "faults" has 100,000. */
  private static final int RESTARTS = Integer.getInteger("posthorn.restarts", 500);

  /**
   * FAULTS 58: a third message that was made with one secret fits no other. {@code
   * SecretGuessingTest} has one that was made to fit two, and what a guess costs.
   */
  @Test
  void fault58_aThirdMessageFitsOneSecret() {
    byte[] payload = new byte[600];
    int fits = 0;
    for (int guess = 0; guess < 64; guess++) {
      SplittableRandom random = new SplittableRandom(58);
      byte[] right = new byte[32];
      byte[] guessed = new byte[32];
      guessed[0] = (byte) guess;
      Handshake initiator =
          NoiseXX.initiator(StaticKey.generate(random), Handshakes.CONNECTION_ID, right, random);
      Handshake responder =
          NoiseXX.responder(StaticKey.generate(random), Handshakes.CONNECTION_ID, guessed, random);
      Handshakes ends = new Handshakes(initiator, responder);
      byte[] first = ends.first();
      assertTrue(responder.readFirst(first, 0, first.length));
      byte[] second = ends.second();
      assertTrue(initiator.readSecond(second, 0, second.length, payload) > 0);
      byte[] third = ends.third();
      boolean fit = responder.readThird(third, 0, third.length, payload) != Handshake.FAILED;
      assertEquals(guess == 0, fit, "secret " + guess);
      fits += fit ? 1 : 0;
    }
    assertEquals(1, fits);
  }

  /** What a party seals with these keys: no two of these are equal unless key and nonce are. */
  private static String sealed(PacketProtection keys, long packetNumber) {
    byte[] frames = new byte[32];
    byte[] out = new byte[100];
    int length = keys.seal(7, packetNumber, 4, frames, 0, frames.length, out, 0);
    return HexFormat.of().formatHex(Arrays.copyOfRange(out, 13, length));
  }

  /**
   * FAULTS 56: an end that is restarted, or cloned with all its memory and its source of
   * randomness, counts from packet 0 each time. No key is used twice all the same with a peer that
   * takes part anew: many handshakes of one frozen initiator, all first packets differ in both
   * directions. What a recording can do instead of the peer is the matter of the next two.
   */
  @Test
  void fault56_aCloneRepeatsNoKey() {
    Set<String> packets = new HashSet<>();
    SplittableRandom responders = new SplittableRandom(56);
    StaticKey responderKey = StaticKey.generate(responders);
    for (int restart = 0; restart < RESTARTS; restart++) {
      SplittableRandom frozen = new SplittableRandom(1); // the same snapshot each time
      Handshakes ends =
          new Handshakes(
              NoiseXX.initiator(StaticKey.generate(frozen), Handshakes.CONNECTION_ID, null, frozen),
              NoiseXX.responder(responderKey, Handshakes.CONNECTION_ID, null, responders));
      ends.complete();
      PacketProtection there = ends.initiator.split();
      PacketProtection back = ends.responder.split();
      for (long number = 0; number < 2; number++) {
        assertTrue(packets.add(sealed(there, number)), "forth, restart " + restart);
        assertTrue(packets.add(sealed(back, number)), "back, restart " + restart);
      }
    }
    assertEquals(4 * RESTARTS, packets.size());
  }

  /**
   * FAULTS 56: an end that is restarted draws its part anew, so that nothing of a conversation that
   * was recorded completes a handshake with it, in either role.
   */
  @Test
  void fault56_aRecordingCompletesNothingAfterARestart() {
    SplittableRandom random = new SplittableRandom(57);
    StaticKey clientKey = StaticKey.generate(random);
    StaticKey serverKey = StaticKey.generate(random);
    Handshakes before = between(clientKey, serverKey, random);
    byte[] first = before.first();
    assertTrue(before.responder.readFirst(first, 0, first.length));
    byte[] second = before.second();
    byte[] payload = new byte[1200];
    assertTrue(before.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = before.third();

    Handshakes after = between(clientKey, serverKey, random);
    after.first();
    assertEquals(
        Handshake.FAILED, after.initiator.readSecond(second, 0, second.length, payload), "M2");
    assertTrue(after.responder.readFirst(first, 0, first.length), "M1 proves nothing");
    assertFalse(Arrays.equals(second, after.second()));
    assertEquals(
        Handshake.FAILED, after.responder.readThird(third, 0, third.length, payload), "M3");
  }

  /**
   * FAULTS 56, and where its promise ends (PROTOCOL.md §4.5): the copy of an attempt that is under
   * way holds a part in keys to come. A recorded answer gives it those of the original, be the peer
   * gone, and then what the two seal differs under one nonce. So copies must not go on with
   * attempts, as they must not with connections.
   */
  @Test
  void fault56_aCopyOfAnAttemptUnderWayHasTheKeysOfTheOriginal() {
    byte[] payload = new byte[1200];
    Handshakes original = Handshakes.noise(58, null);
    byte[] first = original.first();
    assertTrue(original.responder.readFirst(first, 0, first.length));
    byte[] second = original.second();
    assertTrue(original.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = original.third();
    assertTrue(original.responder.readThird(third, 0, third.length, payload) > 0);

    Handshakes copy = Handshakes.noise(58, null);
    copy.first();
    assertTrue(copy.initiator.readSecond(second, 0, second.length, payload) > 0);
    copy.third();
    assertTrue(copy.responder.readFirst(first, 0, first.length));
    copy.second();
    assertTrue(copy.responder.readThird(third, 0, third.length, payload) > 0);
    assertEquals(sealed(original.initiator.split(), 0), sealed(copy.initiator.split(), 0));
    assertEquals(sealed(original.responder.split(), 0), sealed(copy.responder.split(), 0));
  }

  private static Handshakes between(StaticKey client, StaticKey server, SplittableRandom random) {
    return new Handshakes(
        NoiseXX.initiator(client, Handshakes.CONNECTION_ID, null, random),
        NoiseXX.responder(server, Handshakes.CONNECTION_ID, null, random));
  }

  /** FAULTS 60: what one role seals, the same role does not open: nothing can be reflected. */
  @Test
  void fault60_ownPacketsDoNotOpen() {
    Handshakes ends = Handshakes.noise(60, null).complete();
    PacketProtection keys = ends.initiator.split();
    assertFalse(Handshakes.passes(keys, keys, 0));
  }
}
