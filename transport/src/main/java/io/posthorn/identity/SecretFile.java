package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.Path;

/** A file whose first line is a secret that both sides have. */
public final class SecretFile {
  private SecretFile() {}

  /**
   * Reads the secret: the first line, without its line break.
   *
   * @return the characters, which the caller clears
   * @throws IdentityFileException if there is no file, its first line is empty, or others can read
   *     it
   */
  public static char[] read(Path file) throws IOException {
    String text = GuardedFile.readSecret(file);
    if (text == null) {
      throw new IdentityFileException(file, "no secret in " + file + ": there is no such file");
    }
    String first = text.lines().findFirst().orElse("");
    if (first.isBlank()) {
      throw new IdentityFileException(
          file, "no secret in " + file + ": its first line is empty; write the secret there");
    }
    return first.toCharArray();
  }
}
