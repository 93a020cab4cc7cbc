package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Java in the Javadoc of what is exported, and in README.md, compiles, and what can run by
 * itself runs. A snippet finds the variables that it mentions in a context, which is named here for
 * each.
 */
class SnippetsTest {
  private static final Pattern JAVADOC =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\n *\\* *\\}</pre>", Pattern.DOTALL);
  private static final Pattern MARKDOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  /** What a context ends with if its snippet waits for somebody who is not there. */
  private static final String COMPILED_ONLY = "// compiled only\n";

  private static final String ALONE = "SNIPPET";

  private static final String WITH_PEER =
      """
      MessageSocket there = MessageSocket.builder()
          .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).open();
      there.onMessage(message -> { });
      InetSocketAddress peer = there.localAddress();
      InetSocketAddress server = peer;
      try (there) {
        SNIPPET
      }
      """;

  private static final String WITH_SOCKET_AND_PEER =
      WITH_PEER.replace(
          "SNIPPET",
          """
          MessageSocket socket = MessageSocket.builder().open();
          try (socket) {
            SNIPPET
          }
          """);

  private static final Map<String, String> CONTEXTS = new LinkedHashMap<>();

  static {
    CONTEXTS.put("MessageSocket 1", ALONE);
    CONTEXTS.put("Message 1", WITH_SOCKET_AND_PEER);
    CONTEXTS.put("Receipt 1", WITH_SOCKET_AND_PEER);
    CONTEXTS.put("Connection 1", WITH_SOCKET_AND_PEER);
    CONTEXTS.put("Security 1", ALONE);
    CONTEXTS.put("ChannelPriorities 1", ALONE);
    CONTEXTS.put("ReliableDatagramSocket 1", WITH_PEER);
    CONTEXTS.put("KryoCodec 1", ALONE);
    CONTEXTS.put("TypedSocket 1", COMPILED_ONLY + ALONE);
    CONTEXTS.put(
        "TypedSocket 2",
        WITH_SOCKET_AND_PEER
            .replace("MessageSocket socket = ", "MessageSocket plain = ")
            .replace(
                "try (socket) {",
                "String value = \"hello\";"
                    + "try (TypedSocket<String> socket = TypedSocket.over(plain, Codec.utf8())) {"));
    CONTEXTS.put(
        "PosthornMetrics 1",
        "var registry = new io.micrometer.core.instrument.simple.SimpleMeterRegistry();\n"
            + WITH_SOCKET_AND_PEER);
    CONTEXTS.put(
        "Relay 1",
        "LinkConditions conditions = LinkConditions.parse(\"loss 10%\");\n"
            + WITH_PEER.replace(
                "SNIPPET", "try (DatagramSocket client = new DatagramSocket()) {\nSNIPPET\n}"));
    CONTEXTS.put(
        "SimulatedNetwork 1",
        "Host client = new Host();\nHost server = new Host();\n"
            + "InetSocketAddress clientAddress = new InetSocketAddress(\"10.0.0.1\", 1);\n"
            + "InetSocketAddress serverAddress = new InetSocketAddress(\"10.0.0.2\", 1);\n"
            + ALONE);
    CONTEXTS.put(
        "SimulatedNetwork 2",
        "SimulatedNetwork network = SimulatedNetwork.seeded(1);\n"
            + "DatagramPacket packet = new DatagramPacket(new byte[3], 3);\n"
            + "DatagramPacket answer = new DatagramPacket(new byte[3], 3);\n"
            + ALONE);
    CONTEXTS.put("BadNetwork 1", "DatagramSocket client;\nDatagramSocket server;\nMEMBERS");
    CONTEXTS.put("NetworkDomain 1", "MEMBERS");
    CONTEXTS.put("SimulatedRun 1", "MEMBERS");
    CONTEXTS.put("README.md 1", WITH_PEER);
    CONTEXTS.put(
        "README.md 2",
        COMPILED_ONLY
            + "InputStream photo = InputStream.nullInputStream();\nString server = \"\";\n"
            + "int port = 69;\n"
            + ALONE);
  }

  /** What a snippet may use without saying where it is from. */
  private static final String IMPORTS =
      """
      import static java.nio.charset.StandardCharsets.UTF_8;
      import io.posthorn.*;
      import io.posthorn.codec.*;
      import io.posthorn.micrometer.*;
      import io.posthorn.simulation.*;
      import io.posthorn.testkit.*;
      import io.posthorn.testkit.jqwik.*;
      import java.io.*;
      import java.net.*;
      import java.nio.ByteBuffer;
      import java.time.Duration;
      import java.util.List;
      import java.util.function.BiConsumer;
      import net.jqwik.api.*;
      import net.jqwik.api.domains.*;
      import org.apache.commons.net.*;
      import org.apache.commons.net.tftp.*;
      import org.junit.jupiter.api.Test;
      """;

  private static final String HELPERS =
      """
      static void echo(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        socket.receive(packet);
        socket.send(packet);
      }

      static final class Host implements SimulatedHost {
        public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {}
        public void onTimeout(long nowNanos) {}
        public long nextTimeoutNanos() { return Long.MAX_VALUE; }
        public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {}
        boolean isDone() { return true; }
      }
      """;

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String type, String text) {
      super(URI.create("string:///" + type + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** All snippets, by the name of their file and their number in it. */
  private static Map<String, String> snippets() throws IOException {
    Map<String, String> found = new LinkedHashMap<>();
    List<SourceFile> files = new ArrayList<>();
    for (String folder : List.of("", "/codec", "/identity", "/micrometer", "/simulation")) {
      String path = "transport/src/main/java/io/posthorn" + folder;
      for (SourceFile file : SourceFile.under(path, ".java")) {
        if (file.path().lastIndexOf('/') == path.length()) {
          files.add(file);
        }
      }
    }
    files.addAll(SourceFile.under("tests/src/main/java", ".java"));
    for (SourceFile file : files) {
      String type = file.path().replaceAll(".*/|\\.java$", "");
      collect(found, type, JAVADOC, file.text());
    }
    collect(
        found, "README.md", MARKDOWN, SourceFile.read(SourceFile.ROOT.resolve("README.md")).text());
    return found;
  }

  private static void collect(
      Map<String, String> found, String name, Pattern pattern, String text) {
    Matcher block = pattern.matcher(text);
    for (int number = 1; block.find(); number++) {
      String code = block.group(1);
      if (pattern == JAVADOC) {
        code = code.replaceAll("(?m)^ *\\* ?", "");
      }
      // Ports that a reader would choose may be in use here; and the dots stand for the reader's.
      code = code.replace("(9000)", "(InetAddress.getLoopbackAddress(), 0)").replace("{ … }", "{}");
      found.put(name + " " + number, code);
    }
  }

  private static String program(String type, String context, String snippet) {
    StringBuilder program = new StringBuilder(IMPORTS).append("public class ").append(type);
    program.append(" {\n");
    if (context.contains("MEMBERS")) {
      program.append(context.replace("MEMBERS", snippet));
    } else {
      program.append("public static void run() throws Exception {\n");
      program.append(context.replace("SNIPPET", snippet)).append("\n}\n");
    }
    return program.append(HELPERS).append("}\n").toString();
  }

  @Test
  void everySnippetCompilesAndThoseThatCanRun(@TempDir Path folder) throws Exception {
    Map<String, String> snippets = snippets();
    assertEquals(new TreeSet<>(CONTEXTS.keySet()), new TreeSet<>(snippets.keySet()));
    List<JavaFileObject> sources = new ArrayList<>();
    Map<String, String> types = new LinkedHashMap<>();
    snippets.forEach(
        (name, code) -> {
          String type = "Snippet" + types.size();
          types.put(name, type);
          sources.add(new Source(type, program(type, CONTEXTS.get(name), code)));
        });
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter errors = new StringWriter();
    List<String> options = List.of("-proc:none", "-Xlint:none", "-d", folder.toString());
    boolean compiled = compiler.getTask(errors, null, null, options, null, sources).call();
    assertTrue(compiled, types + "\n" + errors);
    int ran = 0;
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
      for (Map.Entry<String, String> each : types.entrySet()) {
        String context = String.valueOf(CONTEXTS.get(each.getKey()));
        if (context.contains("SNIPPET") && !context.startsWith(COMPILED_ONLY)) {
          loader.loadClass(each.getValue()).getMethod("run").invoke(null);
          ran++;
        }
      }
    }
    assertTrue(ran >= 12, ran + " ran");
  }
}
