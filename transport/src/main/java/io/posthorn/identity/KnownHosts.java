package io.posthorn.identity;

import io.posthorn.AddressText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A file of the peers that one has connected to, as ssh keeps it. A line reads {@code HOST:PORT
 * posthorn-x25519 BASE64} or {@code HOST:PORT SHA256:…}; several for one host are alternatives.
 * {@code @revoked} and a key, without a host, refuses that key wherever it turns up. A change holds
 * from the next handshake on: each question looks whether there was one. Safe for use by many
 * threads.
 */
public final class KnownHosts {
  private static final String REVOKED = "@revoked";
  private static final String COMPLAINT =
      "makes no sense: expected HOST:PORT and " + PeerKey.TYPE + " BASE64 or SHA256:…";

  private final Path file;
  private final KeptFile<Entry> kept;

  /**
   * One line of the file.
   *
   * @param host the peer as {@link KnownHosts#nameOf} writes it; empty for a revoked key
   * @param fingerprint of the key
   * @param comment what the line says beside that
   * @param line number of the line, from 1 on
   */
  public record Entry(String host, Fingerprint fingerprint, String comment, int line) {
    /** Whether the line refuses the key, wherever it turns up. */
    public boolean isRevoked() {
      return host.isEmpty();
    }
  }

  /** The file of this name, which need not be there yet. */
  public KnownHosts(Path file) {
    this(file, System::nanoTime);
  }

  KnownHosts(Path file, LongSupplier nanoTime) {
    this.file = file;
    this.kept = new KeptFile<>(file, KnownHosts::read, COMPLAINT, nanoTime);
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
   * The name under which a peer is kept: its host name as it was given, if the file can have that,
   * else its address, in square brackets if that has colons, and the port.
   */
  public static String nameOf(InetSocketAddress peer) {
    String given = nameOf(peer.getHostString(), peer);
    InetAddress address = peer.getAddress();
    return address == null || PeerName.of(given) != null
        ? given
        : nameOf(AddressText.ofHost(address), peer);
  }

  /** Whether the file can have a peer by this name, {@code HOST:PORT}. */
  public static boolean isName(String name) {
    return PeerName.of(name) != null;
  }

  private static String nameOf(String host, InetSocketAddress peer) {
    String small = host.toLowerCase(Locale.ROOT);
    if (small.indexOf(':') < 0) {
      return small + ":" + peer.getPort();
    }
    String written = "[" + small + "]:" + peer.getPort();
    String name = PeerName.of(written);
    return name == null ? written : name;
  }

  /**
   * All lines that say something.
   *
   * @throws IdentityFileException if one makes no sense, or others can write the file
   */
  public List<Entry> entries() throws IOException {
    return kept.entries();
  }

  private static @Nullable Entry read(String line, int number) {
    String[] words = line.strip().split("\\s+", 2);
    KeyLine key = words.length < 2 ? null : KeyLine.read(words[1]);
    String host = words[0].equals(REVOKED) ? "" : PeerName.of(words[0]);
    return key == null || host == null
        ? null
        : new Entry(host, key.fingerprint(), key.comment(), number);
  }

  /** What the file says of a peer and its key. */
  public sealed interface Verdict {
    /** The key is the one remembered. */
    record Known() implements Verdict {}

    /** Nothing is remembered of the peer. */
    record Unknown() implements Verdict {}

    /**
     * The key is not to be trusted, or nothing can be said.
     *
     * @param why what is wrong, where, and what to do
     */
    record Refused(String why) implements Verdict {}
  }

  /**
   * Why a key is not to be trusted, whoever shows it: it is revoked, or nothing can be said.
   *
   * @param peer who shows it, for the words
   * @return what is wrong, where, and what to do; null if the key is not revoked
   */
  public @Nullable String revocation(InetSocketAddress peer, byte[] publicKey) {
    List<Entry> entries;
    try {
      entries = entries();
    } catch (IOException unreadable) {
      return String.valueOf(unreadable.getMessage());
    }
    return revocation(entries, peer, Fingerprint.of(publicKey));
  }

  private @Nullable String revocation(
      List<Entry> entries, InetSocketAddress peer, Fingerprint shown) {
    Entry revoking = revocationOf(entries, Set.of(shown));
    return revoking == null
        ? null
        : "the key of "
            + nameOf(peer)
            + ", "
            + shown
            + ", is revoked by "
            + file
            + " line "
            + revoking.line()
            + ": whoever shows it may have stolen it";
  }

  /**
   * The first line that revokes one of these keys, for which the file is read once at most.
   *
   * @return null if none of them is revoked
   * @throws IdentityFileException if a line makes no sense, or others can write the file
   */
  public @Nullable Entry revocationOf(Set<Fingerprint> keys) throws IOException {
    return revocationOf(entries(), keys);
  }

  private static @Nullable Entry revocationOf(List<Entry> entries, Set<Fingerprint> keys) {
    for (Entry entry : entries) {
      if (entry.isRevoked() && keys.contains(entry.fingerprint())) {
        return entry;
      }
    }
    return null;
  }

  /**
   * What the file says of a peer and its key. Of a peer whose name has no line, those of its
   * address and port refuse another key, since an address given as such gets a name once somebody
   * looks that up, from whoever answers. They make no such name known: it may have been led to that
   * address.
   */
  public Verdict judge(InetSocketAddress peer, byte[] publicKey) {
    List<Entry> entries;
    try {
      entries = entries();
    } catch (IOException unreadable) {
      return new Verdict.Refused(String.valueOf(unreadable.getMessage()));
    }
    Fingerprint shown = Fingerprint.of(publicKey);
    String revoked = revocation(entries, peer, shown);
    if (revoked != null) {
      return new Verdict.Refused(revoked);
    }
    List<Entry> lines = linesOf(nameOf(peer), entries);
    boolean isNamed = !lines.isEmpty();
    InetAddress address = peer.getAddress();
    if (!isNamed && address != null) {
      lines = linesOf(nameOf(AddressText.ofHost(address), peer), entries);
    }
    for (Entry entry : lines) {
      if (entry.fingerprint().equals(shown)) {
        return isNamed ? new Verdict.Known() : new Verdict.Unknown();
      }
    }
    return lines.isEmpty()
        ? new Verdict.Unknown()
        : new Verdict.Refused(changed(lines.get(0), shown));
  }

  private static List<Entry> linesOf(String name, List<Entry> entries) {
    List<Entry> found = new ArrayList<>(1);
    for (Entry entry : entries) {
      if (entry.host().equals(name)) { // and not that of a revoked key, which has none
        found.add(entry);
      }
    }
    return found;
  }

  private String changed(Entry known, Fingerprint shown) {
    return "the key of "
        + known.host()
        + " has changed: it shows "
        + shown
        + ", "
        + file
        + " line "
        + known.line()
        + " says "
        + known.fingerprint()
        + "; somebody may stand between, or the peer has a new identity: ask whoever runs it, and"
        + " only if that is so remove line "
        + known.line();
  }

  /**
   * Remembers the key of a peer of whom nothing was known. If others met it at the same time, here
   * or in other processes, with another key, the one whose line comes first in the file has it.
   *
   * @return why the key is not to be trusted after all; null if it is remembered
   */
  public synchronized @Nullable String meet(InetSocketAddress peer, PeerKey key)
      throws IOException {
    String name = checked(nameOf(peer));
    if (!has(name, key.fingerprint())) {
      add(name, key);
    }
    List<Entry> lines = linesOf(name, entries());
    if (!lines.isEmpty() && !lines.get(0).fingerprint().equals(key.fingerprint())) {
      String own = name + " " + key.line();
      Lines.remove(file, own::equals);
    }
    return judge(peer, key.bytes()) instanceof Verdict.Refused refused ? refused.why() : null;
  }

  /** Remembers a peer's key beside those that the file has of it. */
  public synchronized void add(String host, PeerKey key) throws IOException {
    GuardedFile.append(file, checked(host) + " " + key.line());
  }

  /** Remembers the fingerprint of a peer's key beside those that the file has of it. */
  public synchronized void add(String host, Fingerprint fingerprint) throws IOException {
    GuardedFile.append(file, checked(host) + " " + fingerprint);
  }

  /**
   * Remembers the fingerprint of a peer's key in place of all that the file has of it. At every
   * moment the file has the one or the other, so that the peer is at no time unknown.
   *
   * @return how many lines went
   */
  public synchronized int replace(String host, Fingerprint fingerprint) throws IOException {
    entries();
    String name = checked(host);
    return Lines.replace(file, line -> isOf(name, line), name + " " + fingerprint);
  }

  /**
   * Refuses a key wherever it turns up, from now on.
   *
   * @throws IdentityFileException if a line of the file makes no sense, or others can write it
   */
  public synchronized void revoke(Fingerprint fingerprint) throws IOException {
    if (!has("", fingerprint)) {
      GuardedFile.append(file, REVOKED + " " + fingerprint);
    }
  }

  private boolean has(String host, Fingerprint fingerprint) throws IOException {
    for (Entry entry : entries()) {
      if (entry.host().equals(host) && entry.fingerprint().equals(fingerprint)) {
        return true;
      }
    }
    return false;
  }

  /** Forgets a peer; answers how many lines went. */
  public synchronized int remove(String host) throws IOException {
    entries();
    String name = checked(host);
    return Lines.remove(file, line -> isOf(name, line));
  }

  private static boolean isOf(String name, String line) {
    Entry entry = KeyLine.isBlank(line) ? null : read(line, 0);
    return entry != null && entry.host().equals(name);
  }

  private static String checked(String host) {
    String name = PeerName.of(host);
    if (name == null) {
      throw new IllegalArgumentException("\"" + host + "\" is no HOST:PORT");
    }
    return name;
  }
}
