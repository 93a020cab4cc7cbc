package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import io.posthorn.BufferWarning;
import io.posthorn.JavaProcess;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which port a process gets, told in processes of their own, since it is found out once: the fast
 * one of Linux, or the portable one, on which a socket works without a word on any stream.
 */
@EnabledOnOs(OS.LINUX)
class PortChoiceTest {
  /** Since 24 a virtual machine asks for leave to call native code (JEP 472). */
  private static final boolean HAS_RULE = Runtime.version().feature() >= 24;

  @TempDir Path folder;

  @Test
  void socketWorksSilentlyWhateverTheRule() throws Exception {
    assertPath(HAS_RULE ? "portable" : "Linux", "");
    if (HAS_RULE) {
      assertPath("portable", "", "--illegal-native-access=deny");
      assertPath("Linux", "", "--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED");
    }
  }

  /** As on musl, whose loader refuses the library that JNA brings, which is linked with glibc. */
  @Test
  void nativeLibraryThatDoesNotLoadIsDoneWithout() throws Exception {
    List<String> flags = new ArrayList<>(List.of("-Djna.noclasspath=true"));
    if (HAS_RULE) {
      flags.add("--enable-native-access=ALL-UNNAMED");
    }
    assertPath("portable", "(JNA is not usable: ", flags.toArray(String[]::new));
  }

  /** Where an older JNA has left its library in the way, of which JNA says so by a bare Error. */
  @Test
  void nativeLibraryOfAnotherVersionIsDoneWithout() throws Exception {
    Path library = folder.resolve(System.mapLibraryName("jnidispatch"));
    String own = "/com/sun/jna/" + Platform.RESOURCE_PREFIX + "/" + library.getFileName();
    try (InputStream in = Native.class.getResourceAsStream(own)) {
      String bytes = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
      char major = Native.VERSION_NATIVE.charAt(0);
      String another = bytes.replaceAll(major + "(\\.\\d\\.\\d\\x00)", "0$1");
      assertFalse(bytes.equals(another), "it has no version");
      Files.write(library, another.getBytes(StandardCharsets.ISO_8859_1));
    }
    List<String> flags = new ArrayList<>(List.of("-Djna.boot.library.path=" + folder));
    if (HAS_RULE) {
      flags.add("--enable-native-access=ALL-UNNAMED");
    }
    assertPath("portable", "(JNA is not usable: java.lang.Error: ", flags.toArray(String[]::new));
  }

  @Test
  void otherSystemsAndProcessorsGetThePortablePort() throws Exception {
    assertPath("portable", "the fast path is for Linux, this is FreeBSD)", "-Dos.name=FreeBSD");
    assertPath(
        "portable",
        "the fast path knows x86-64 and aarch64, this is riscv64)",
        "-Dos.arch=riscv64");
  }

  private static void assertPath(String path, String why, String... flags) throws Exception {
    List<String> options = new ArrayList<>(List.of(flags));
    options.add("-Dkryo.unsafe=false");
    String output = JavaProcess.outputOf(JavaProcess.start(options, SendToSelf.class));
    assertTrue(output.startsWith(path) && output.contains(why), output);
    assertEquals(1, output.lines().count(), output);
  }

  /** The program of that virtual machine: a message to itself, and the way that it took. */
  static final class SendToSelf {
    private SendToSelf() {}

    /** No arguments. */
    public static void main(String[] arguments) throws Exception {
      BufferWarning.silence();
      InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      try (MessageSocket socket = MessageSocket.builder().bind(any).open()) {
        socket.send(socket.localAddress(), new byte[] {1});
        Message message = socket.receive(Duration.ofSeconds(20));
        if (message == null) {
          throw new IllegalStateException("nothing came");
        }
        System.out.println(socket.statistics().ioPath());
      }
    }
  }
}
