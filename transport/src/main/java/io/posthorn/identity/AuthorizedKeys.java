package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A file of the peers that may connect here, one a line: {@code posthorn-x25519 BASE64 comment} or
 * {@code SHA256:… comment}. A change holds from the next handshake on: each question looks whether
 * there was one. Safe for use by many threads.
 */
public final class AuthorizedKeys {
  private static final String COMPLAINT =
      "is no key: expected " + PeerKey.TYPE + " BASE64 or SHA256:…";

  private final Path file;
  private final KeptFile<Entry> kept;

  /**
   * One peer of the file.
   *
   * @param fingerprint of its key
   * @param comment what its line says beside the key
   * @param line number of the line, from 1 on
   */
  public record Entry(Fingerprint fingerprint, String comment, int line) {}

  /** The file of this name, which need not be there yet. */
  public AuthorizedKeys(Path file) {
    this(file, System::nanoTime);
  }

  AuthorizedKeys(Path file, LongSupplier nanoTime) {
    this.file = file;
    this.kept = new KeptFile<>(file, AuthorizedKeys::read, COMPLAINT, nanoTime);
  }

  /** How often the file was read to answer questions. */
  int reads() {
    return kept.reads();
  }

  /** The file. */
  public Path file() {
    return file;
  }

  /**
   * All peers of the file.
   *
   * @throws IdentityFileException if a line makes no sense, or others can write the file
   */
  public List<Entry> entries() throws IOException {
    return kept.entries();
  }

  private static @Nullable Entry read(String line, int number) {
    KeyLine key = KeyLine.read(line);
    return key == null ? null : new Entry(key.fingerprint(), key.comment(), number);
  }

  /** Whether the file can be read, and so can be relied on. */
  public void check() throws IOException {
    entries(); // once, for a stream says it no second time
    if (!Files.exists(file)) {
      throw new IdentityFileException(
          file, "no keys in " + file + ": there is no such file; import the keys of your peers");
    }
  }

  /** Why a peer may not connect, or null if it may. */
  public @Nullable String refusal(byte[] publicKey) {
    List<Entry> entries;
    try {
      entries = entries();
    } catch (IOException unreadable) {
      return unreadable.getMessage();
    }
    Fingerprint shown = Fingerprint.of(publicKey);
    boolean found = false;
    for (Entry entry : entries) {
      found |= entry.fingerprint().equals(shown);
    }
    return found ? null : shown + " does not stand in " + file;
  }

  /**
   * Adds a peer, unless it is there.
   *
   * @param comment for people; line breaks become spaces
   * @return whether it is new
   */
  public synchronized boolean add(PeerKey key, String comment) throws IOException {
    if (refusal(key.bytes()) == null) {
      return false;
    }
    entries(); // one that makes no sense is not added to
    GuardedFile.append(
        file, (key.line() + " " + comment.replaceAll("\\p{Cntrl}+", " ")).stripTrailing());
    return true;
  }

  /** Takes a peer out; answers how many lines went. */
  public synchronized int remove(Fingerprint fingerprint) throws IOException {
    entries();
    return Lines.remove(
        file,
        line -> {
          KeyLine key = KeyLine.isBlank(line) ? null : KeyLine.read(line);
          return key != null && key.fingerprint().equals(fingerprint);
        });
  }
}
