package io.posthorn.cli.lab;

import io.posthorn.AddressText;
import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.Figures;
import io.posthorn.cli.compare.Metric;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's TCP, as a careful program would use it for messages: {@code TCP_NODELAY}, a length
 * of 4 bytes before each message, one write for both.
 */
final class TcpCarrier implements Carrier {
  private static final int LENGTH_BYTES = 4;
  private static final int STREAM_BUFFER_BYTES = 64 * 1024;

  private final ServerSocket listener;
  private final Socket sender;
  private final OutputStream out;
  private final TcpDescriptor descriptor;
  private final String controller;
  private volatile @Nullable Socket receiver;
  private byte[] record = new byte[LENGTH_BYTES];

  /** Bytes from the stream that make no whole message yet: [streamStart, streamEnd). */
  private byte[] stream = new byte[STREAM_BUFFER_BYTES];

  private int streamStart;
  private int streamEnd;

  private TcpCarrier(
      ServerSocket listener, Socket sender, TcpDescriptor descriptor, String controller)
      throws IOException {
    this.listener = listener;
    this.sender = sender;
    this.descriptor = descriptor;
    this.controller = controller;
    out = sender.getOutputStream();
  }

  static TcpCarrier open(InetSocketAddress listen, InetAddress target, FlowRequest request)
      throws IOException {
    ServerSocket listener = new ServerSocket();
    Socket sender = new Socket();
    try {
      listener.bind(listen);
      sender.bind(null);
      sender.setTcpNoDelay(true);
      // An end that is closed is to leave nothing behind that is sent again in the next run.
      sender.setSoLinger(true, 0);
      TcpDescriptor descriptor = TcpDescriptor.ofLocalPort(sender.getLocalPort());
      if (!request.congestionController().isEmpty()) {
        descriptor.setCongestionController(request.congestionController());
      }
      connect(
          sender,
          new InetSocketAddress(target, listener.getLocalPort()),
          (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(request.timeoutNanos())));
      return new TcpCarrier(listener, sender, descriptor, descriptor.congestionController());
    } catch (IOException failed) {
      sender.close();
      listener.close();
      throw failed;
    }
  }

  private static void connect(Socket sender, InetSocketAddress to, int timeoutMillis)
      throws IOException {
    try {
      sender.connect(to, timeoutMillis);
    } catch (SocketTimeoutException silence) {
      throw new IOException(
          "no answer from "
              + AddressText.of(to)
              + " in "
              + Figures.text(timeoutMillis * 1e6, Metric.Unit.TIME),
          silence);
    }
  }

  @Override
  public void send(byte[] message, int lengthBytes) throws IOException {
    if (record.length < LENGTH_BYTES + lengthBytes) {
      record = new byte[LENGTH_BYTES + lengthBytes];
    }
    record[0] = (byte) (lengthBytes >>> 24);
    record[1] = (byte) (lengthBytes >>> 16);
    record[2] = (byte) (lengthBytes >>> 8);
    record[3] = (byte) lengthBytes;
    System.arraycopy(message, 0, record, LENGTH_BYTES, lengthBytes);
    out.write(record, 0, LENGTH_BYTES + lengthBytes);
  }

  @Override
  public int receive(byte[] into, long timeoutNanos) throws IOException {
    int timeoutMillis = (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(timeoutNanos));
    try {
      Socket from = accepted(timeoutMillis);
      while (!wholeMessageWaits(into.length)) {
        makeRoom();
        int count = from.getInputStream().read(stream, streamEnd, stream.length - streamEnd);
        if (count < 0) {
          throw new IOException("the sender closed the TCP connection");
        }
        streamEnd += count;
      }
    } catch (SocketTimeoutException nothingCame) {
      return NOTHING;
    }
    int lengthBytes = messageBytes();
    System.arraycopy(stream, streamStart + LENGTH_BYTES, into, 0, lengthBytes);
    streamStart += LENGTH_BYTES + lengthBytes;
    return lengthBytes;
  }

  private Socket accepted(int timeoutMillis) throws IOException {
    Socket socket = receiver;
    if (socket == null) {
      listener.setSoTimeout(timeoutMillis);
      socket = listener.accept();
      socket.setTcpNoDelay(true);
      socket.setSoLinger(true, 0);
      receiver = socket;
    }
    socket.setSoTimeout(timeoutMillis);
    return socket;
  }

  private boolean wholeMessageWaits(int limitBytes) throws IOException {
    if (streamEnd - streamStart < LENGTH_BYTES) {
      return false;
    }
    int lengthBytes = messageBytes();
    if (lengthBytes < 0 || lengthBytes > limitBytes) {
      throw new IOException("a length of " + lengthBytes + " in the TCP stream");
    }
    return streamEnd - streamStart >= LENGTH_BYTES + lengthBytes;
  }

  private int messageBytes() {
    return ((stream[streamStart] & 0xff) << 24)
        | ((stream[streamStart + 1] & 0xff) << 16)
        | ((stream[streamStart + 2] & 0xff) << 8)
        | (stream[streamStart + 3] & 0xff);
  }

  /** Leaves room behind the bytes that wait; doubles the buffer when one message fills it. */
  private void makeRoom() {
    if (streamEnd < stream.length) {
      return;
    }
    int waiting = streamEnd - streamStart;
    byte[] roomier = streamStart > 0 ? stream : new byte[stream.length * 2];
    System.arraycopy(stream, streamStart, roomier, 0, waiting);
    stream = roomier;
    streamStart = 0;
    streamEnd = waiting;
  }

  @Override
  public boolean resends() {
    return true;
  }

  @Override
  public long retransmissions() throws IOException {
    return descriptor.retransmittedSegments();
  }

  @Override
  public String congestionController() {
    return controller;
  }

  @Override
  public void close() throws IOException {
    sender.close();
    Socket accepted = receiver;
    if (accepted != null) {
      accepted.close();
    }
    listener.close();
  }
}
