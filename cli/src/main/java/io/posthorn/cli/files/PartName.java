package io.posthorn.cli.files;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Under which name a file stands beside its place until it is whole. */
final class PartName {
  static final String PREFIX = ".posthorn-";
  static final String SUFFIX = ".part";
  private static final int HASH_BYTES = 8;

  private PartName() {}

  /** The name of the part of a file; of the same length for each, so that it always fits. */
  static String of(String name) {
    byte[] hash = TreeHash.plain(name.getBytes(StandardCharsets.UTF_8));
    return PREFIX + HexFormat.of().formatHex(Arrays.copyOf(hash, HASH_BYTES)) + SUFFIX;
  }

  static boolean isOne(String name) {
    return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
  }
}
