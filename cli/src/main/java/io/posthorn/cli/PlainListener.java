package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/** {@code listen} in plain mode, which knows no connections: one thread takes what comes. */
final class PlainListener {
  /** Whoever goes on sending does not hold up the end for ever. */
  private static final long DRAIN_NANOS = 2_000_000_000L;

  private final MessageSocket socket;
  private final ListenServer.Settings settings;
  private final Printout printout;
  private final Output output;

  PlainListener(
      MessageSocket socket, ListenServer.Settings settings, Printout printout, Output output) {
    this.socket = socket;
    this.settings = settings;
    this.printout = printout;
    this.output = output;
  }

  /**
   * Takes what comes, or one message if that is all that is asked for.
   *
   * @throws InterruptedIOException if the thread is interrupted
   * @throws IOException if what came cannot be printed, or the socket has failed
   */
  void run() throws IOException {
    while (!isDone()) {
      Message message = socket.receive(Duration.ZERO);
      if (message == null) {
        printout.flush();
        printout.throwIfFailed();
        message = socket.receive();
      }
      take(message);
    }
  }

  private boolean isDone() {
    return settings.once() && printout.messages() > 0;
  }

  /** Takes what has come, after a signal. */
  void drain() throws IOException {
    long startNanos = System.nanoTime();
    while (System.nanoTime() - startNanos < DRAIN_NANOS && !isDone()) {
      Message message = socket.receive(Duration.ZERO);
      if (message == null) {
        return;
      }
      take(message);
    }
  }

  private void take(Message message) throws IOException {
    if (output.isVerbose()) {
      output.detail(
          Quantity.counted(message.size(), "byte") + " from " + AddressText.of(message.from()));
    }
    TalkBack back = settings.talkBack();
    if (back != null) {
      back.heard(message, null);
    }
    printout.print(message, false);
    printout.throwIfFailed();
    if (settings.echo()) {
      sendBack(message);
    }
  }

  /** What becomes of one peer must not end the others' service. */
  private void sendBack(Message message) throws InterruptedIOException {
    try {
      var unused =
          socket.trySend(
              Message.to(message.from()).delivery(message.delivery()).body(message.body()));
    } catch (InterruptedIOException stopped) {
      throw stopped;
    } catch (IOException failed) {
      output.detail("no answer sent: " + failed.getMessage());
    }
  }
}
