package io.posthorn.cli.files;

/** Is told how it goes; called by two threads. */
public interface CopyWatcher {
  /** The sender waits, or no longer, until the receiver takes or answers what it says. */
  void waits(boolean now);

  /** The sender hashes a file before it says anything of it, or no longer. */
  void hashes(boolean now);

  /** So much there is to do. */
  void total(long entries, long bytes);

  /** A file begins. */
  void begins(String name);

  /** So many bytes of content are stored at the receiver. */
  void stored(long bytes);

  /** A file or folder is settled: stored, or there already. */
  void settled(String name, boolean wasThere);

  /** A file or folder was not copied. */
  void failed(String name, String reason);
}
