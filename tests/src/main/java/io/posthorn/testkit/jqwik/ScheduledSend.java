package io.posthorn.testkit.jqwik;

import io.posthorn.Delivery;

/**
 * One message that is to be sent.
 *
 * @param atMillis when, since the start
 * @param forth whether the first of the two ends sends it; else the second does
 * @param channel 0 to 63
 * @param key for {@link Delivery#RELIABLE_LATEST}, else meaningless
 * @param sizeBytes of the body
 * @param lifeMillis how long it is worth sending; 0 for as long as it takes
 */
public record ScheduledSend(
    int atMillis,
    boolean forth,
    int channel,
    Delivery delivery,
    int key,
    int sizeBytes,
    int lifeMillis) {
  @Override
  public String toString() {
    return "at "
        + atMillis
        + "ms "
        + (forth ? "forth " : "back ")
        + delivery
        + (delivery == Delivery.RELIABLE_LATEST ? " key " + key : "")
        + " channel "
        + channel
        + ", "
        + sizeBytes
        + " B"
        + (lifeMillis == 0 ? "" : " for " + lifeMillis + "ms");
  }
}
