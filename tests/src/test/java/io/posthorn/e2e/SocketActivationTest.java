package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code posthorn listen} at a socket that a service manager opened and passes. */
@Timeout(180)
class SocketActivationTest {
  /** Opens a UDP socket on loopback, moves it to a descriptor, and becomes the program. */
  private static final String LAUNCHER =
      """
      use Socket; use POSIX; $^F = 255;
      my ($fd, $count, @command) = @ARGV;
      socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die;
      bind($socket, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die;
      dup2(fileno($socket), $fd) or die;
      if ($fd != 0) { $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = $count; }
      exec(@command) or die;
      """;

  @BeforeAll
  static void needsPerl() throws InterruptedException {
    try (RunningProgram perl =
        RunningProgram.other("perl", "-MSocket", "-MPOSIX", "-e", "exit($^O ne 'linux')")) {
      assumeTrue(perl.exit() == 0, "no perl on Linux here, which launches as a service manager");
    } catch (IOException absent) {
      assumeTrue(false, "perl is not installed");
    }
  }

  private static RunningProgram launched(int descriptor, int count, String... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(List.of("perl", "-e", LAUNCHER, "" + descriptor, "" + count));
    command.addAll(RunningProgram.command(List.of(), arguments));
    return RunningProgram.other(command.toArray(String[]::new));
  }

  @Test
  void theSocketOfSystemdIsServedInReliableMode() throws Exception {
    try (RunningProgram listener = launched(3, 1, "listen", "--once");
        RunningProgram send = posthorn("send", "127.0.0.1", listener.port(), "passed")) {
      assertEquals(0, send.exit(), send::errors);
      assertEquals(0, listener.exit(), listener::errors);
      assertEquals("passed\n", listener.output());
    }
  }

  @Test
  void aSessionEndsWithItsInputAsTheListenerHasNone() throws Exception {
    try (RunningProgram listener = launched(3, 1, "listen", "--once");
        RunningProgram connect = posthorn("connect", "-N", "127.0.0.1", listener.port())) {
      connect.type("all").endInput();
      assertEquals(0, connect.exit(), connect::errors);
      assertEquals(0, listener.exit(), listener::errors);
      assertEquals("all", listener.output());
    }
  }

  @Test
  void childrenAreServedAtItAndTheSocketIsNotTheirs() throws Exception {
    try (RunningProgram listener =
            launched(3, 1, "listen", "--once", "-c", "test -e /proc/self/fd/3; echo $?");
        RunningProgram connect = posthorn("connect", "127.0.0.1", listener.port())) {
      connect.endInput();
      assertEquals(0, connect.exit(), connect::errors);
      assertEquals("1\n", connect.output());
      assertEquals(0, listener.exit(), listener::errors);
    }
  }

  @Test
  void theSocketOfInetdIsStandardInput() throws Exception {
    try (RunningProgram listener = launched(0, 1, "listen", "-u", "-1");
        RunningProgram send = posthorn("send", "-u", "127.0.0.1", listener.port(), "letter")) {
      assertEquals(0, send.exit(), send::errors);
      assertEquals(0, listener.exit(), listener::errors);
      assertEquals("letter\n", listener.output());
    }
  }

  @Test
  void severalSocketsOrNoneAreRefusedWithWhatToDo() throws Exception {
    try (RunningProgram several = launched(3, 2, "listen");
        RunningProgram none = posthorn("listen")) {
      assertEquals(78, several.exit());
      assertTrue(several.errors().contains("ListenDatagram="), several.errors());
      none.endInput();
      assertEquals(64, none.exit());
      assertTrue(none.errors().contains("posthorn listen 9000"), none.errors());
    }
  }
}
