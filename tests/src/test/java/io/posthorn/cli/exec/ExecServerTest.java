package io.posthorn.cli.exec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.cli.RefusedClient;
import io.posthorn.cli.session.Application;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Children of clients, and what is left of both when the server ends. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class ExecServerTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Knows when a client has left its child behind. */
  private static final class Journal implements ExecServer.Journal {
    private final CountDownLatch left = new CountDownLatch(1);

    @Override
    public void error(String text) {
      throw new AssertionError(text);
    }

    @Override
    public void detail(String text) {
      if (text.contains("client gone before its child")) {
        left.countDown();
      }
    }

    @Override
    public ExecServer.ChildErrors childErrors() {
      throw new AssertionError("the client takes them");
    }
  }

  @Test
  void childThatOutlivesItsClientAndHeedsNoSignalEndsWithTheServer() throws Exception {
    // What it starts heeds none either: a signal that is ignored stays so in a child.
    ChildCommand command = ChildCommand.ofShell("trap '' TERM; echo $$; sleep 600 & echo $!; wait");
    Journal journal = new Journal();
    try (MessageSocket socket =
            MessageSocket.builder().bind(ANY).application(Application.EXEC.words()).open();
        MessageSocket client =
            MessageSocket.builder().bind(ANY).application(Application.CONNECT.words()).open()) {
      ExecServer server =
          new ExecServer(socket, new ExecServer.Settings(command, 5, false, false), journal);
      Thread serving = new Thread(() -> serve(server), "serving");
      serving.start();
      Connection connection = client.connect(socket.localAddress());
      StringBuilder said = new StringBuilder();
      while (said.toString().lines().count() < 2 || said.charAt(said.length() - 1) != '\n') {
        said.append(new String(connection.receive().bytes(), UTF_8));
      }
      connection.close(1, "gone", Duration.ZERO);
      journal.left.await();
      serving.interrupt();
      serving.join();
      for (String pid : said.toString().lines().toList()) {
        Optional<ProcessHandle> child = ProcessHandle.of(Long.parseLong(pid));
        if (child.isPresent()) {
          child.get().onExit().get(); // killed, and gone once its parent has taken note of it
        }
      }
    }
  }

  @Test
  void whoComesAfterTheOnlyOneIsToldSo() throws Exception {
    ChildCommand command = ChildCommand.ofShell("echo served; cat");
    try (MessageSocket socket =
            MessageSocket.builder().bind(ANY).application(Application.EXEC.words()).open();
        MessageSocket client =
            MessageSocket.builder().bind(ANY).application(Application.CONNECT.words()).open();
        MessageSocket other =
            MessageSocket.builder().bind(ANY).application(Application.CONNECT.words()).open()) {
      ExecServer server =
          new ExecServer(socket, new ExecServer.Settings(command, 200, true, false), new Journal());
      Thread serving = new Thread(() -> serve(server), "serving");
      serving.start();
      Connection first = client.connect(socket.localAddress());
      assertEquals("served\n", new String(first.receive().bytes(), UTF_8));
      String refusal =
          RefusedClient.refusal(other, socket.localAddress(), new byte[1]).getMessage();
      assertTrue(refusal.contains("\"busy: serves one client, no other\""), refusal);
      serving.interrupt();
      serving.join();
    }
  }

  private static void serve(ExecServer server) {
    try {
      server.run();
    } catch (IOException | InterruptedException interrupted) {
      return;
    }
  }
}
