package io.posthorn.codec;

import io.posthorn.Message;
import java.net.InetSocketAddress;
import java.util.Objects;

/**
 * A message that was received, with its body as a value.
 *
 * @param body the value
 * @param message what it was decoded from; for its delivery, its connection and {@link
 *     Message#confirm}
 * @param <T> the type of the values
 */
public record TypedMessage<T>(T body, Message message) {
  /**
   * Refuses nulls.
   *
   * @param body the value
   * @param message what it was decoded from
   */
  public TypedMessage {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(message, "message");
  }

  /**
   * The sender.
   *
   * @return its address
   */
  public InetSocketAddress from() {
    return message.from();
  }

  /**
   * The channel that carried it.
   *
   * @return 0 to 63; 0 in plain mode
   */
  public int channel() {
    return message.channel();
  }
}
