package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a command writes while it runs, which others wait for. */
final class Collected extends OutputStream {
  private static final Pattern LISTENING = Pattern.compile("listening on \\S+:(\\d+)");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Override
  public synchronized void write(int b) {
    bytes.write(b);
    notifyAll();
  }

  @Override
  public synchronized void write(byte[] from, int offset, int length) {
    bytes.write(from, offset, length);
    notifyAll();
  }

  synchronized String text() {
    return bytes.toString(UTF_8);
  }

  synchronized void await(String text) throws InterruptedException {
    while (!text().contains(text)) {
      wait();
    }
  }

  /** Where the command says that it listens, once it does. */
  synchronized InetSocketAddress listening() throws InterruptedException {
    while (true) {
      Matcher matcher = LISTENING.matcher(text());
      if (matcher.find()) {
        int port = Integer.parseInt(matcher.group(1));
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      }
      wait();
    }
  }
}
