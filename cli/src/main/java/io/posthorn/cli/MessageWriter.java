package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Message;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Writes received messages to standard output or a file, framed. Bytes go out as they came, unless
 * a terminal is there to be misled by them: then they are made visible, whatever the framing.
 */
final class MessageWriter implements Closeable {
  private static final int CHUNK_BYTES = 64 << 10;

  private final Framing framing;
  private final Output output;
  private final @Nullable OutputStream file;
  private final boolean visible;
  private final TerminalText shown = new TerminalText();
  private @Nullable Object unfinished; // whose message ends with a part

  /**
   * A writer.
   *
   * @param framing what stands between messages
   * @param output standard output
   * @param path the file to write instead, made anew, or null
   */
  MessageWriter(Framing framing, Output output, @Nullable Path path) throws Failure {
    this.framing = framing;
    this.output = output;
    this.file = path == null ? null : create(path);
    this.visible = path == null && output.outIsTerminal();
  }

  private static OutputStream create(Path path) throws Failure {
    if (Files.isDirectory(path)) {
      throw Failures.ofFolder(path);
    }
    try {
      // Not a channel's stream: that one closes when its thread is interrupted.
      return new BufferedOutputStream(new FileOutputStream(path.toFile()), CHUNK_BYTES);
    } catch (FileNotFoundException failed) {
      throw new Failure(
          ExitCode.CANNOT_CREATE,
          "cannot write " + failed.getMessage(),
          "check the folder and its permissions",
          failed);
    }
  }

  /** Writes one message that came whole. */
  void write(Message message) throws IOException {
    breakParts();
    if (framing == Framing.JSON) {
      put(asJson(message) + "\n");
      return;
    }
    byte[] bytes = message.bytes();
    if (visible) {
      put(TextSafety.visible(bytes, 0, bytes.length) + "\n");
      return;
    }
    if (framing == Framing.LENGTH) {
      put(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array(), Integer.BYTES);
    }
    put(bytes, bytes.length);
    if (framing == Framing.LINE) {
      put(new byte[] {'\n'}, 1);
    }
  }

  /**
   * Writes a piece of a session, whose messages are pieces of one stream of bytes: nothing stands
   * between them unless each is framed by its length or as JSON.
   */
  void writeSession(Message message) throws IOException {
    if (framing == Framing.JSON || framing == Framing.LENGTH) {
      write(message);
      return;
    }
    breakParts();
    putSession(message.bytes());
  }

  private void putSession(byte[] bytes) throws IOException {
    byte[] harmless = visible ? shown.show(bytes) : bytes;
    put(harmless, harmless.length);
  }

  /**
   * Writes a part of a message whose length is not known, by line or raw, and nothing behind it.
   *
   * @param owner whose message it is; of several, each begins its part on a line of its own
   * @param session whether it is a piece of a session
   */
  void writePart(Object owner, byte[] part, boolean session) throws IOException {
    if (unfinished != owner) {
      breakParts();
    }
    if (session) {
      putSession(part);
      return;
    }
    unfinished = owner;
    if (visible) {
      put(TextSafety.visible(part, 0, part.length));
    } else {
      put(part, part.length);
    }
  }

  /** Writes what stands behind a message that was written in parts. */
  void endParts(Object owner) throws IOException {
    if (unfinished == owner) {
      breakParts();
    }
  }

  private void breakParts() throws IOException {
    if (unfinished != null) {
      unfinished = null;
      if (visible || framing == Framing.LINE) {
        put(new byte[] {'\n'}, 1);
      }
    }
  }

  private static String asJson(Message message) {
    byte[] bytes = message.bytes();
    JsonText json =
        new JsonText()
            .beginObject()
            .put("from", AddressText.of(message.from()))
            .put("channel", message.channel())
            .put("bytes", bytes.length);
    String text = TextSafety.utf8(bytes);
    if (text != null) {
      json.put("text", text);
    } else {
      json.put("base64", Base64.getEncoder().encodeToString(bytes));
    }
    return json.endObject().toString();
  }

  private void put(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    put(bytes, bytes.length);
  }

  private void put(byte[] bytes, int length) throws IOException {
    OutputStream to = file;
    if (to != null) {
      to.write(bytes, 0, length);
    } else {
      output.write(bytes, 0, length);
    }
  }

  /** Lets out what waits; called whenever nothing more comes at once. */
  void flush() throws IOException {
    OutputStream to = file;
    if (to != null) {
      to.flush();
    } else {
      output.flush();
    }
  }

  @Override
  public void close() throws IOException {
    OutputStream to = file;
    if (to != null) {
      to.close();
    } else {
      output.flush();
    }
  }
}
