package io.posthorn.cli.sockets;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One conversation over a control socket, in lines of text, that nobody waits for longer than ten
 * seconds in all: the program at the other end may be stopped. For one thread.
 */
public final class ControlChannel implements Closeable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MOST_BYTES = 64 << 20;
  private static final int CHUNK_BYTES = 64 << 10;

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final long endNanos;
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).flip();

  private ControlChannel(SocketChannel channel) throws IOException {
    this.channel = channel;
    try {
      channel.configureBlocking(false);
      selector = Selector.open();
    } catch (IOException failed) {
      channel.close();
      throw failed;
    }
    key = channel.register(selector, SelectionKey.OP_READ);
    endNanos = System.nanoTime() + PATIENCE.toNanos();
  }

  /** Speaks with whoever was accepted. */
  public static ControlChannel of(SocketChannel accepted) throws IOException {
    return new ControlChannel(accepted);
  }

  /**
   * Speaks with the program that holds a control socket.
   *
   * @throws ConnectException if no program holds it any more
   * @throws IOException if so many wait for it already that it must be stopped
   */
  public static ControlChannel connect(Path file) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.configureBlocking(false);
      if (!channel.connect(UnixDomainSocketAddress.of(file))) {
        throw new IOException("no answer");
      }
    } catch (IOException failed) {
      channel.close();
      throw failed;
    }
    return new ControlChannel(channel);
  }

  /** What is asked of whoever holds a control socket. */
  public interface Question<T> {
    /** Asks it; what goes wrong ends this conversation alone. */
    List<T> of(Path file, ControlChannel holder) throws IOException;
  }

  /**
   * Asks all programs that hold a control socket of this suffix; sockets that nobody holds any more
   * are removed.
   *
   * @throws InterruptedIOException if the thread is interrupted; the interrupt status stays set
   * @throws IOException if the folder is not this user's alone
   */
  public static <T> List<T> askAll(Path folder, String suffix, Question<T> question)
      throws IOException {
    List<T> answers = new ArrayList<>();
    if (!Files.exists(folder)) {
      return answers;
    }
    ControlFolder.check(folder);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + suffix)) {
      for (Path file : files) {
        answers.addAll(ask(file, question));
      }
    }
    return answers;
  }

  private static <T> List<T> ask(Path file, Question<T> question) throws IOException {
    try (ControlChannel holder = connect(file)) {
      return question.of(file, holder);
    } catch (ConnectException dead) {
      Files.deleteIfExists(file); // its process was killed
      return List.of();
    } catch (IOException silent) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted();
      }
      return List.of(); // a program that is stopped, or ended just now
    }
  }

  /** Everything until the other end closes. */
  String readAll() throws IOException {
    return read(false);
  }

  /** The next line, without its end; what there is if the other end closes before. */
  public String readLine() throws IOException {
    return read(true);
  }

  private String read(boolean oneLine) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (all.size() < MOST_BYTES) {
      while (chunk.hasRemaining()) {
        byte next = chunk.get();
        if (oneLine && next == '\n') {
          return all.toString(StandardCharsets.UTF_8);
        }
        all.write(next);
      }
      await(SelectionKey.OP_READ);
      chunk.clear();
      int count = channel.read(chunk);
      chunk.flip();
      if (count < 0) {
        break;
      }
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** Says something. */
  public void write(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (channel.write(bytes) >= 0 && bytes.hasRemaining()) {
      await(SelectionKey.OP_WRITE);
    }
  }

  private void await(int operation) throws IOException {
    long leftMillis = (endNanos - System.nanoTime()) / 1_000_000;
    if (leftMillis <= 0) {
      throw new IOException("no answer");
    }
    key.interestOps(operation);
    selector.select(leftMillis);
    selector.selectedKeys().clear();
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
  }

  private static InterruptedIOException interrupted() {
    return new InterruptedIOException("interrupted while a program was asked");
  }

  @Override
  public void close() throws IOException {
    try (selector) {
      channel.close();
    }
  }
}
