package io.posthorn.codec;

import io.posthorn.Connection;
import io.posthorn.Message;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which class two sides have registered differently. Their fingerprints are exchanged
 * when they connect. Where these differ, no value is decoded; whoever receives something first
 * answers with all its registrations as text, behind a word that no value begins with, and is
 * answered with the other's. Safe for use by many threads.
 */
final class RegistrationExchange {
  private static final byte[] WORD =
      "\u0000posthorn registrations\n".getBytes(StandardCharsets.UTF_8);

  /** Connections that were told; what is forgotten is told once more, which does no harm. */
  private static final int REMEMBERED = 1024;

  private final Registrations ours;
  private final boolean hasConnections;
  private final byte[] fingerprint;
  private final Set<Connection> told =
      Collections.synchronizedSet(
          Collections.newSetFromMap(
              new LinkedHashMap<Connection, Boolean>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Connection, Boolean> eldest) {
                  return size() > REMEMBERED;
                }
              }));

  /**
   * What this side knows.
   *
   * @param hasConnections whether the other side's fingerprint comes before its messages
   */
  RegistrationExchange(Registrations ours, boolean hasConnections) {
    this.ours = ours;
    this.hasConnections = hasConnections;
    this.fingerprint = ours.fingerprint();
  }

  /** Why a message can be no value of here; null if it may be one. */
  CodecException.@Nullable Different refusal(Message message) {
    Connection connection = message.connection();
    if (connection == null) {
      return hasConnections
          ? new CodecException.Different(
              "what the other side has registered is not known any more, for its connection ended"
                  + " long ago, so nothing of it is decoded: take messages sooner")
          : null;
    }
    byte[] theirs = connection.peerRegistrationFingerprint();
    if (theirs == null || Arrays.equals(theirs, fingerprint)) {
      return null;
    }
    String why = tell(connection);
    byte[] body = message.bytes();
    if (body.length < WORD.length || !Arrays.equals(WORD, Arrays.copyOf(body, WORD.length))) {
      return new CodecException.Different(
          "the other side's registrations differ from those here, so nothing of it is decoded;"
              + " which class it is follows with its list"
              + why);
    }
    try {
      String text =
          new String(body, WORD.length, body.length - WORD.length, StandardCharsets.UTF_8);
      return new CodecException.Different(
          ours.describeDifference(Registrations.parse(text))
                  .orElse("the other side's list is equal, though its fingerprint is not")
              + "; give both sides the same registrations");
    } catch (CodecException noList) {
      return new CodecException.Different(
          "the other side's registrations differ, and its list cannot be read: "
              + noList.getMessage());
    }
  }

  /** Sends the own list, once to each; answers a clause about why that failed, if it did. */
  private String tell(Connection connection) {
    if (!told.add(connection)) {
      return "";
    }
    byte[] list = ours.toString().getBytes(StandardCharsets.UTF_8);
    byte[] body = Arrays.copyOf(WORD, WORD.length + list.length);
    System.arraycopy(list, 0, body, WORD.length, list.length);
    try {
      return connection.trySend(connection.message().body(body)) == null
          ? " (the list of here was not sent: the send buffer is full)"
          : "";
    } catch (IOException ended) {
      return " (the list of here was not sent: " + ended.getClass().getSimpleName() + ")";
    }
  }
}
