package io.posthorn.cli.lab;

import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.SocketCarrier;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** Posthorn in reliable mode, in one of its styles of delivery. */
final class DeliveryCarrier implements Carrier {
  /** How the messages of one flow are delivered. */
  enum Style {
    ORDERED("in order"),
    UNORDERED("without order"),
    TEN_CHANNELS("on 10 channels");

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
        case ORDERED -> draft;
        case UNORDERED -> draft.delivery(Delivery.RELIABLE_UNORDERED);
        case TEN_CHANNELS -> draft.channel(index % CHANNELS);
      };
    }
  }

  private final MessageSocket sender;
  private final MessageSocket receiver;
  private final Connection connection;
  private final Style style;
  private int sent;

  private DeliveryCarrier(
      MessageSocket sender, MessageSocket receiver, Connection connection, Style style) {
    this.sender = sender;
    this.receiver = receiver;
    this.connection = connection;
    this.style = style;
  }

  /** Opens both ends and the connection. */
  static DeliveryCarrier open(
      KernelRig.Contender contender, InetSocketAddress listen, InetSocketAddress peer, Style style)
      throws IOException {
    MessageSocket receiver = SocketCarrier.openReceiver(Mode.RELIABLE, listen);
    MessageSocket sender =
        MessageSocket.builder()
            .mode(Mode.RELIABLE)
            .congestionControl(contender.control())
            .handshakeTimeout(Duration.ofSeconds(20))
            .open();
    return new DeliveryCarrier(sender, receiver, sender.connect(peer), style);
  }

  @Override
  public void send(byte[] message, int lengthBytes) throws IOException {
    byte[] body = Arrays.copyOf(message, lengthBytes);
    connection.send(style.apply(connection.message(), sent++).body(body));
  }

  @Override
  public int receive(byte[] into, long timeoutNanos) throws IOException {
    Message message = receiver.receive(Duration.ofNanos(timeoutNanos));
    if (message == null) {
      return NOTHING;
    }
    ByteBuffer body = message.body();
    int lengthBytes = Math.min(into.length, body.remaining());
    body.get(into, 0, lengthBytes);
    return lengthBytes;
  }

  @Override
  public boolean resends() {
    return true;
  }

  @Override
  public long retransmissions() {
    return UNKNOWN;
  }

  @Override
  public String congestionController() {
    return "";
  }

  @Override
  public void close() {
    sender.close(Duration.ZERO);
    receiver.close(Duration.ZERO);
  }
}
