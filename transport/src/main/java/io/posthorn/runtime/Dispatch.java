package io.posthorn.runtime;

import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.channel.ReceivedRun;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives what arrives to the handler that the application set, on the I/O thread and without the
 * lock, which is held only to take messages from the endpoint.
 */
final class Dispatch {
  /** Messages given to a handler between two looks at the network. */
  private static final int LIMIT_MESSAGES = 32;

  /** The same in bytes: what was taken counts against no limit, however long the handler takes. */
  private static final int LIMIT_BYTES = 1 << 20;

  private final SocketDriver driver;
  private volatile @Nullable Consumer<ReceivedMessage> handler;
  private volatile SocketDriver.@Nullable BodyConsumer bodyHandler;

  /** Touched by the I/O thread alone: more messages may have been there. */
  private boolean tookToLimit;

  /** What the body handler is reading; no other message is taken meanwhile. */
  private final ReceivedRun run = new ReceivedRun();

  Dispatch(SocketDriver driver) {
    this.driver = driver;
  }

  /** Messages go to {@code to} from now on; any thread. */
  void to(Consumer<ReceivedMessage> to) {
    handler = to;
  }

  /** The bodies of messages go to {@code to} from now on; any thread. */
  void toBodies(SocketDriver.BodyConsumer to) {
    bodyHandler = to;
  }

  /** Whether a handler takes the messages; any thread. */
  boolean hasHandler() {
    return handler != null || bodyHandler != null;
  }

  /** Whether a handler takes the bodies where they lie; any thread. */
  boolean hasBodyHandler() {
    return bodyHandler != null;
  }

  /** Runs the handler for what is there; answers whether more may be. */
  boolean dispatch() {
    SocketDriver.BodyConsumer bodies = bodyHandler;
    if (bodies != null) {
      return dispatchBodies(bodies);
    }
    Consumer<ReceivedMessage> to = handler;
    return to != null && dispatchMessages(to);
  }

  private boolean dispatchMessages(Consumer<ReceivedMessage> to) {
    ArrayDeque<ReceivedMessage> messages = take();
    if (messages.isEmpty()) {
      return false;
    }
    long turnsBefore = driver.turns();
    while (!messages.isEmpty()) {
      accept(to, messages.remove());
    }
    // A handler that waited made turns, and in those more messages may have come.
    return tookToLimit || driver.turns() != turnsBefore;
  }

  private void accept(Consumer<ReceivedMessage> to, ReceivedMessage message) {
    try {
      to.accept(message);
    } catch (Throwable e) { // checked ones too, of other languages
      driver.handlerFailures.note(e);
    }
  }

  private ArrayDeque<ReceivedMessage> take() {
    ArrayDeque<ReceivedMessage> messages = new ArrayDeque<>();
    driver.lock.lock();
    try {
      long now = driver.clock.now();
      int bytes = 0;
      while (messages.size() < LIMIT_MESSAGES && bytes < LIMIT_BYTES) {
        ReceivedMessage message = driver.receiving().nextMessage(now);
        if (message == null) {
          break;
        }
        messages.add(message);
        bytes += message.body().length;
      }
      tookToLimit = messages.size() == LIMIT_MESSAGES || bytes >= LIMIT_BYTES;
      driver.afterLook(!messages.isEmpty(), now);
      if (!messages.isEmpty()) {
        driver.beginHandling(now);
      }
    } finally {
      driver.lock.unlock();
    }
    return messages;
  }

  /** Ordered messages, and datagrams in plain mode, are read where they lie. */
  private boolean dispatchBodies(SocketDriver.BodyConsumer to) {
    ReceivedMessage single = null;
    driver.lock.lock();
    try {
      long now = driver.clock.now();
      single = driver.receiving().handedMessage(); // older than what can be lent
      if (single == null && !driver.endpoint.lendRun(run)) {
        single = driver.endpoint.pollMessage(now);
        if (single == null) {
          driver.afterLook(false, now);
          return false;
        }
      }
      if (single != null) {
        driver.afterInput(now);
      }
      driver.beginHandling(now);
    } finally {
      driver.lock.unlock();
    }
    if (single != null) {
      accept(to, single.from(), single.channel(), single.body(), 0, single.body().length);
      return true;
    }
    for (int i = 0; i < run.count(); i++) {
      accept(to, run.sender(i), run.channel(), run.bytes(i), run.from(i), run.length(i));
    }
    driver.lock.lock();
    try {
      long now = driver.clock.now();
      if (!driver.life.isEnded()) {
        driver.endpoint.endRun(run, now);
        driver.afterInput(now);
      }
    } finally {
      driver.lock.unlock();
    }
    return true;
  }

  private void accept(
      SocketDriver.BodyConsumer to,
      InetSocketAddress from,
      int channel,
      byte[] bytes,
      int at,
      int length) {
    try {
      to.accept(from, channel, bytes, at, length);
    } catch (Throwable e) { // checked ones too, of other languages
      driver.handlerFailures.note(e);
    }
  }
}
