package io.posthorn.cli.files;

/** Is told how it goes; called by two threads. */
public interface CopyWatcher {
  /** So many bytes of content more were given to the connection. */
  void sent(long bytes);

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
