package io.posthorn.cli.lab;

import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.SocketCarrier;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;

/** Posthorn in reliable mode, in one of its styles of delivery. */
final class DeliveryCarrier implements Carrier {
  /** How the messages of one flow are delivered. */
  enum Style {
    ORDERED("in order"),
    UNORDERED("without order"),
    TEN_CHANNELS("on 10 channels"),
    /** Each message rides once, until it is known to be lost. */
    ORDERED_ONCE("in order, without redundancy");

    private static final int CHANNELS = 10;

    private final String words;

    Style(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }

    private Message.Draft apply(Message.Draft draft, int index) {
      return switch (this) {
        case ORDERED, ORDERED_ONCE -> draft;
        case UNORDERED -> draft.delivery(Delivery.RELIABLE_UNORDERED);
        case TEN_CHANNELS -> draft.channel(index % CHANNELS);
      };
    }
  }

  private final SocketCarrier carrier;
  private final Connection connection;
  private final Style style;
  private int sent;

  /** Sends over an open connection. */
  DeliveryCarrier(SocketCarrier carrier, Style style) {
    this.carrier = carrier;
    this.connection = Objects.requireNonNull(carrier.connection());
    this.style = style;
  }

  @Override
  public void send(byte[] message, int lengthBytes) throws IOException {
    byte[] body = Arrays.copyOf(message, lengthBytes);
    connection.send(style.apply(connection.message(), sent++).body(body));
  }

  @Override
  public int receive(byte[] into, long timeoutNanos) throws IOException {
    return carrier.receive(into, timeoutNanos);
  }

  @Override
  public boolean resends() {
    return carrier.resends();
  }

  @Override
  public long retransmissions() {
    return carrier.retransmissions();
  }

  @Override
  public String congestionController() {
    return carrier.congestionController();
  }

  @Override
  public void close() {
    carrier.close();
  }
}
