package io.posthorn.bench.stack;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;

/** A TCP or TLS stream, each message behind its length, in buffers on both sides. */
final class TcpContender implements Contender {
  private static final int DEFAULT_BUFFER_BYTES = 64 << 10;

  private final String name;
  private final int bufferBytes;
  private final Arrivals arrivals = new Arrivals();
  private final Socket client;
  private final Socket served;
  private final DataOutputStream out;
  private final DataInputStream back;
  private final byte[] message;
  private final byte[] answer;

  TcpContender(
      String name,
      ServerSocketFactory servers,
      SocketFactory clients,
      int messageBytes,
      int bufferBytes,
      boolean pingPong)
      throws IOException {
    this.name = name;
    this.bufferBytes = bufferBytes == 0 ? DEFAULT_BUFFER_BYTES : bufferBytes;
    message = new byte[messageBytes];
    answer = new byte[messageBytes];
    try (ServerSocket server = servers.createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      client = clients.createSocket(server.getInetAddress(), server.getLocalPort());
      served = server.accept();
    }
    client.setTcpNoDelay(true);
    served.setTcpNoDelay(true);
    Threads.start(name, pingPong ? this::echo : this::count);
    out =
        new DataOutputStream(new BufferedOutputStream(client.getOutputStream(), this.bufferBytes));
    back = new DataInputStream(new BufferedInputStream(client.getInputStream(), this.bufferBytes));
  }

  private void count() throws IOException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(served.getInputStream(), bufferBytes));
    byte[] body = new byte[message.length];
    while (true) {
      int length = in.readInt();
      in.readFully(body, 0, length);
      arrivals.add(1);
    }
  }

  private void echo() throws IOException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(served.getInputStream(), bufferBytes));
    DataOutputStream to =
        new DataOutputStream(new BufferedOutputStream(served.getOutputStream(), this.bufferBytes));
    byte[] body = new byte[message.length];
    while (true) {
      int length = in.readInt();
      in.readFully(body, 0, length);
      to.writeInt(length);
      to.write(body, 0, length);
      to.flush();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() throws IOException {
    out.writeInt(message.length);
    out.write(message);
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public void roundTrip() throws IOException {
    send();
    flush();
    int length = back.readInt();
    back.readFully(answer, 0, length);
  }

  @Override
  public void close() throws IOException {
    client.close();
    served.close();
  }
}
