package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.TransportException;
import io.posthorn.cli.bench.TcpBindException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private static final EndpointAddress.Local HERE =
      new EndpointAddress.Local(new InetSocketAddress(InetAddress.getLoopbackAddress(), 80), null);
  private static final InetSocketAddress AT_ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @Test
  void everyCauseHasItsStatus() {
    assertEquals(ExitCode.UNKNOWN_HOST, Failures.of(new UnknownHostException("x")).code());
    assertEquals(ExitCode.NO_INPUT, Failures.of(new NoSuchFileException("x")).code());
    assertEquals(ExitCode.NO_INPUT, Failures.of(new AccessDeniedException("x")).code());
    assertEquals(ExitCode.BROKEN_PIPE, Failures.of(new IOException("Broken pipe")).code());
    assertEquals(ExitCode.IO, Failures.of(new IOException("No space left on device")).code());
    assertEquals(ExitCode.INTERNAL, Failures.of(new IllegalStateException("x")).code());
    assertEquals(ExitCode.INTERNAL, Failures.of(new OutOfMemoryError()).code());
  }

  @Test
  void bindingSaysWhatToDo() {
    Failure used = Failures.ofBind(new BindException("Address already in use"), HERE);
    assertEquals(ExitCode.TRY_AGAIN, used.code());
    assertTrue(used.remedy().contains("port 0"), used.remedy());
    Failure privileged = Failures.ofBind(new SocketException("Permission denied"), HERE);
    assertEquals(ExitCode.REFUSED, privileged.code());
    assertTrue(privileged.remedy().contains("1024"), privileged.remedy());
    Failure foreign = Failures.ofBind(new BindException("Cannot assign requested address"), HERE);
    assertEquals(ExitCode.USAGE, foreign.code());
    assertFalse(foreign.remedy().isEmpty());
    Failure tcp =
        Failures.ofBind(new TcpBindException(new BindException("Address already in use")), HERE);
    assertEquals("cannot listen at 127.0.0.1:80: the TCP port is in use", tcp.what());
    Failure none =
        Failures.ofBind(new BindException("cannot bind: this machine has no IPv6"), HERE);
    assertEquals(ExitCode.USAGE, none.code());
    assertEquals("cannot listen at 127.0.0.1:80: this machine has no IPv6", none.what());
    Failure other = Failures.ofBind(new BindException("Invalid argument"), HERE);
    assertEquals("cannot listen at 127.0.0.1:80: Invalid argument", other.what());
    assertEquals(ExitCode.IO, other.code());
    EndpointAddress.Local four =
        new EndpointAddress.Local(new InetSocketAddress(9000), StandardProtocolFamily.INET);
    Failure ofOneFamily = Failures.ofBind(new BindException("Address already in use"), four);
    assertEquals("cannot listen at 0.0.0.0:9000: the port is in use", ofOneFamily.what());
  }

  /** What the library advises is for programmers, what the program does for who typed a command. */
  @Test
  void whatToDoAboutAConnectionIsSaidInTheProgramsWords() throws IOException {
    try (DatagramSocket silent = new DatagramSocket(AT_ANY_PORT);
        MessageSocket socket =
            MessageSocket.builder()
                .security(Security.ephemeral())
                .handshakeTimeout(Duration.ofMillis(100))
                .open();
        MessageSocket plain = MessageSocket.builder().mode(Mode.PLAIN).open()) {
      InetSocketAddress to = (InetSocketAddress) silent.getLocalSocketAddress();
      String name = "127.0.0.1:" + to.getPort();
      TransportException nobody = assertThrows(TransportException.class, () -> socket.connect(to));
      assertEquals(nobody.what() + ": " + nobody.remedy(), nobody.getMessage());
      Failure timeout = Failures.of(nobody);
      assertEquals(ExitCode.UNAVAILABLE, timeout.code());
      assertTrue(timeout.what().startsWith("no answer from " + name), timeout.what());
      assertFalse(timeout.what().contains(nobody.remedy()), timeout.what());
      assertTrue(timeout.remedy().endsWith("\"posthorn doctor " + name + "\""), timeout.remedy());

      TransportException large =
          assertThrows(TransportException.class, () -> plain.send(to, new byte[70_000]));
      Failure tooLarge = Failures.of(large);
      assertEquals(ExitCode.BAD_DATA, tooLarge.code());
      assertTrue(tooLarge.remedy().contains("without --plain"), tooLarge.remedy());
      assertFalse((tooLarge.what() + tooLarge.remedy()).contains("Mode."), tooLarge.what());
    }
  }

  /** FAULTS 63: nor does the trace that -v asks for let what a peer said reach the terminal. */
  @Test
  void fault63_aTraceIsShownEscaped() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Streams streams =
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            new ByteArrayOutputStream(),
            err,
            true,
            true,
            Map.of());
    Posthorn.Everywhere verbose =
        new Posthorn.Everywhere(
            false, false, false, 1, Output.ColorWhen.NEVER, EndpointAddress.Family.ANY);
    String evil = "\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202e\r";
    Exception cause = new IOException(evil, new IllegalStateException(evil));
    new Output(streams, verbose, false)
        .failure("posthorn", new Failure(ExitCode.IO, evil, evil, cause));
    String said = err.toString(StandardCharsets.UTF_8);
    assertTrue(said.contains("\n\tat " + FailuresTest.class.getName()), said);
    assertTrue(said.contains("Caused by: java.lang.IllegalStateException: \\x1b]52"), said);
    assertTrue(
        said.codePoints().noneMatch(c -> c == 0x202e || (c < ' ' && c != '\n' && c != '\t')), said);
  }

  @Test
  void statusesAreThoseOfTheManual() {
    assertEquals(0, ExitCode.OK.status());
    assertEquals(1, ExitCode.NO.status());
    assertEquals(64, ExitCode.USAGE.status());
    assertEquals(65, ExitCode.BAD_DATA.status());
    assertEquals(66, ExitCode.NO_INPUT.status());
    assertEquals(68, ExitCode.UNKNOWN_HOST.status());
    assertEquals(69, ExitCode.UNAVAILABLE.status());
    assertEquals(70, ExitCode.INTERNAL.status());
    assertEquals(73, ExitCode.CANNOT_CREATE.status());
    assertEquals(74, ExitCode.IO.status());
    assertEquals(75, ExitCode.TRY_AGAIN.status());
    assertEquals(76, ExitCode.PROTOCOL.status());
    assertEquals(77, ExitCode.REFUSED.status());
    assertEquals(78, ExitCode.CONFIGURATION.status());
    assertEquals(141, ExitCode.BROKEN_PIPE.status());
  }
}
