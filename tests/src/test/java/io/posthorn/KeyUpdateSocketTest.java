package io.posthorn;

import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.trace.TraceListener;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** New keys when the application asks for them. */
class KeyUpdateSocketTest {
  /** What one end tells of its keys. */
  private static final class Phases implements TraceListener {
    private final Map<String, CompletableFuture<Void>> reached = new ConcurrentHashMap<>();

    @Override
    public void keyUpdated(long nowNanos, long connection, boolean received, long phase) {
      future(received, phase).complete(null);
    }

    private CompletableFuture<Void> future(boolean received, long phase) {
      return reached.computeIfAbsent(received + " " + phase, any -> new CompletableFuture<>());
    }

    /** Waits until packets of this phase go out and come in. */
    void await(long phase) throws Exception {
      get(future(false, phase));
      get(future(true, phase));
    }
  }

  /** Nothing is sent by anybody, so packets must leave for that alone. */
  @Test
  void bothSidesHaveNewKeysWhenOneAsks() throws Exception {
    Phases here = new Phases();
    Phases there = new Phases();
    try (MessageSocket a = reliable().trace(here).open();
        MessageSocket b = reliable().trace(there).open()) {
      Connection out = a.connect(b.localAddress());
      Connection in = accept(b);
      out.updateKeys();
      here.await(1);
      there.await(1);
      out.send("there".getBytes(UTF_8));
      assertEquals("there", next(b).text());
      in.send("and back".getBytes(UTF_8));
      assertEquals("and back", next(a).text());
    }
  }

  /** The second is made when three probe timeouts are over, and nothing else wakes anybody then. */
  @Test
  void whatIsAskedForTooEarlyFollows() throws Exception {
    Phases here = new Phases();
    try (MessageSocket a = reliable().trace(here).open();
        MessageSocket b = reliable().open()) {
      Connection out = a.connect(b.localAddress());
      out.updateKeys();
      here.await(1);
      out.updateKeys();
      here.await(2);
    }
  }

  @Test
  void whereNothingIsSealedOrAllIsOverNothingHappens() throws Exception {
    try (MessageSocket a = reliable().security(Security.none()).open();
        MessageSocket b = reliable().security(Security.none()).open()) {
      Connection out = a.connect(b.localAddress());
      out.updateKeys();
      out.send("there".getBytes(UTF_8));
      assertEquals("there", next(b).text());
      out.close();
      out.updateKeys();
    }
  }
}
