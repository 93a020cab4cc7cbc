package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.socket;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers that wait for another socket: their own goes on meanwhile. */
@Timeout(120)
class ForwardingHandlerTest {
  /** What may be waited for; all of it ends with the socket. */
  private enum Wait {
    MESSAGE {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws IOException {
        other.receive(LONG);
      }
    },
    CONNECTION {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws IOException {
        other.accept(LONG);
      }
    },
    ROOM {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws IOException {
        while (true) {
          other.send(silent.localAddress(), new byte[10_000]);
        }
      }
    },
    OUTCOME {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws IOException {
        other.send(Message.to(silent.localAddress()).body("?")).await(LONG);
      }
    },
    FUTURE {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws IOException {
        other.send(Message.to(silent.localAddress()).body("?")).acknowledged().join();
      }
    },
    FUTURE_FOR_A_WHILE {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws Exception {
        Receipt receipt = other.send(Message.to(silent.localAddress()).body("?"));
        receipt.acknowledged().get(LONG.toSeconds(), TimeUnit.SECONDS);
      }
    },
    END {
      @Override
      void on(MessageSocket other, MessageSocket silent) throws IOException {
        other.send(silent.localAddress(), new byte[1]);
        other.close(LONG);
      }
    };

    abstract void on(MessageSocket other, MessageSocket silent) throws Exception;
  }

  @ParameterizedTest
  @EnumSource(Wait.class)
  void aHandlerThatWaitsForAnotherSocketDoesNotStopItsOwn(Wait wait) throws Exception {
    for (int ioThreads = 1; ioThreads <= 2; ioThreads++) {
      try (MessageSocket silent = socket(Mode.PLAIN).open();
          MessageSocket other =
              reliable().ioThreads(ioThreads).sendBufferBytes(64 << 10).linger(LONG).open();
          MessageSocket own = reliable().linger(Duration.ZERO).open();
          MessageSocket peer = reliable().linger(Duration.ZERO).open()) {
        CountDownLatch entered = new CountDownLatch(1);
        CompletableFuture<Throwable> left = new CompletableFuture<>();
        own.onMessage(
            message -> {
              if (entered.getCount() > 0) {
                entered.countDown();
                left.complete(thrownBy(wait, other, silent));
              }
            });
        peer.send(own.localAddress(), new byte[1]);
        entered.await();
        Outcome outcome = peer.send(Message.to(own.localAddress()).body("more")).await(LONG);
        assertTrue(outcome != null && outcome.isAcknowledged(), "own socket is mute");
        other.close(Duration.ZERO);
        Throwable thrown = get(left);
        if (wait == Wait.ROOM) {
          assertEquals(SocketClosedException.class, thrown.getClass());
        } else if (wait != Wait.MESSAGE && wait != Wait.CONNECTION) {
          assertNull(thrown);
        }
      }
    }
  }

  private static Throwable thrownBy(Wait wait, MessageSocket other, MessageSocket silent) {
    try {
      wait.on(other, silent);
      return null;
    } catch (Exception e) {
      return e;
    }
  }

  /** Each in the handler of the other, so both must go on for either to end. */
  @Test
  void twoSocketsMayWaitForEachOther() throws Exception {
    try (MessageSocket a = reliable().linger(Duration.ZERO).open();
        MessageSocket b = reliable().linger(Duration.ZERO).open();
        MessageSocket peer = reliable().linger(Duration.ZERO).open()) {
      CountDownLatch both = new CountDownLatch(2);
      CompletableFuture<Outcome> throughB = forward(a, b, peer, both);
      CompletableFuture<Outcome> throughA = forward(b, a, peer, both);
      peer.send(a.localAddress(), new byte[1]);
      peer.send(b.localAddress(), new byte[1]);
      assertTrue(get(throughA).isAcknowledged());
      assertTrue(get(throughB).isAcknowledged());
    }
  }

  private static CompletableFuture<Outcome> forward(
      MessageSocket from, MessageSocket to, MessageSocket peer, CountDownLatch both) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    from.onMessage(
        message -> {
          try {
            both.countDown();
            both.await();
            Receipt receipt = to.send(Message.to(peer.localAddress()).body(message.bytes()));
            outcome.complete(receipt.acknowledged().join());
          } catch (IOException | InterruptedException e) {
            outcome.completeExceptionally(e);
          }
        });
    return outcome;
  }
}
