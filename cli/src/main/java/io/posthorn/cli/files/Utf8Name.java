package io.posthorn.cli.files;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Names of files as the wire has them: in UTF-8, whatever the locale. Java spells a path with the
 * characters of the locale ({@link SystemText}); but a URI spells the bytes of a path, and so any
 * name.
 */
public final class Utf8Name {
  private Utf8Name() {}

  /**
   * The path that somebody wrote, relative to the working folder if it does not begin at the root.
   *
   * @throws InvalidPathException if the system has no such paths
   */
  public static Path path(String written) {
    if (SystemText.LOCALE_SPELLS_ALL || isAscii(written)) {
      return Path.of(written);
    }
    return byItsBytes(Path.of(written.startsWith("/") ? "/" : ""), written);
  }

  /** The file of a name in a folder. */
  static Path in(Path folder, String name) throws Refused {
    try {
      return SystemText.LOCALE_SPELLS_ALL || isAscii(name)
          ? folder.resolve(name)
          : byItsBytes(folder, name);
    } catch (InvalidPathException impossible) {
      throw new Refused(Refused.CANNOT_CREATE, "the receiver's system has no such names");
    }
  }

  /** The last name of a path; null if it is no UTF-8. */
  static @Nullable String of(Path path) {
    Path last = path.getFileName();
    String name = last == null ? "" : last.toString();
    return isAscii(name) || (SystemText.LOCALE_SPELLS_ALL && name.indexOf(SystemText.LOST) < 0)
        ? name
        : fromItsBytes(path);
  }

  private static boolean isAscii(String name) {
    return name.chars().allMatch(c -> c < 0x80);
  }

  /** Names separated by slashes, below a folder. */
  static Path byItsBytes(Path folder, String names) {
    ByteBuffer bytes;
    try {
      bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(names));
    } catch (CharacterCodingException notText) {
      throw new InvalidPathException(names, "it is no text");
    }
    StringBuilder uri = new StringBuilder(folder.toUri().toString());
    while (uri.charAt(uri.length() - 1) == '/') {
      uri.setLength(uri.length() - 1);
    }
    uri.append(names.startsWith("/") ? "" : "/");
    while (bytes.hasRemaining()) {
      int one = bytes.get() & 0xff;
      if (one == '/') {
        uri.append('/');
      } else {
        uri.append(String.format(Locale.ROOT, "%%%02X", one));
      }
    }
    try {
      return Path.of(java.net.URI.create(uri.toString()));
    } catch (InvalidPathException impossible) {
      throw impossible;
    } catch (IllegalArgumentException impossible) {
      throw new InvalidPathException(names, String.valueOf(impossible.getMessage()));
    }
  }

  /** The last name of a path, read from its bytes; null if it is no UTF-8. */
  static @Nullable String fromItsBytes(Path path) {
    byte[] bytes = bytesOf(path);
    int from = bytes.length;
    while (from > 0 && bytes[from - 1] != '/') {
      from--;
    }
    return SystemText.ofUtf8(bytes, from);
  }

  /** The bytes of an absolute path, as the system has them. */
  static byte[] bytesOf(Path path) {
    String uri = path.toUri().getRawPath();
    int end = uri.endsWith("/") && uri.length() > 1 ? uri.length() - 1 : uri.length(); // a folder
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(end);
    for (int at = 0; at < end; at++) {
      if (uri.charAt(at) == '%') {
        bytes.write(Integer.parseInt(uri, at + 1, at + 3, 16));
        at += 2;
      } else {
        bytes.write(uri.charAt(at));
      }
    }
    return bytes.toByteArray();
  }
}
