package io.posthorn.cli.files;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which names a receiver takes: paths that stay below its folder, on every system, and that no
 * system reads as anything else (FAULTS 62). Parts are separated by one slash.
 */
public final class RelativeName {
  /** As long as a file's name may be on the usual file systems. */
  private static final int LONGEST_PART_BYTES = 255;

  private static final int DEEPEST = 100;

  /** Names that Windows takes for devices, with any ending. */
  private static final Set<String> DEVICES =
      Set.of(
          "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7",
          "com8", "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9");

  private static final boolean ON_WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

  private RelativeName() {}

  /** Why a name is not taken, or null if it is. */
  public static @Nullable String refusal(String path) {
    if (path.getBytes(StandardCharsets.UTF_8).length > CopyMessage.LARGEST_TEXT_BYTES) {
      return "the name is too long";
    }
    String[] parts = path.split("/", -1);
    if (parts.length > DEEPEST) {
      return "the name has more than " + DEEPEST + " parts";
    }
    for (String part : parts) {
      String refusal = refusalOfPart(part);
      if (refusal != null) {
        return refusal;
      }
    }
    return null;
  }

  private static @Nullable String refusalOfPart(String part) {
    if (part.isEmpty()) {
      return "the name is empty, or begins or ends with a slash";
    }
    if (part.equals(".") || part.equals("..")) {
      return "the name leads out of its folder";
    }
    if (part.getBytes(StandardCharsets.UTF_8).length > LONGEST_PART_BYTES) {
      return "the name is longer than " + LONGEST_PART_BYTES + " bytes";
    }
    if (part.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
      return "the name holds control characters";
    }
    if (part.indexOf('\\') >= 0 || (part.length() >= 2 && part.charAt(1) == ':')) {
      return "the name is a path or a drive on some systems";
    }
    String stem = part.toLowerCase(Locale.ROOT);
    int dot = stem.indexOf('.');
    if (DEVICES.contains((dot < 0 ? stem : stem.substring(0, dot)).strip())) {
      return "the name is a device on some systems";
    }
    if (PartName.isOne(part)) {
      return "the name is that of a part of a file";
    }
    if (ON_WINDOWS
        && (part.endsWith(".") || part.endsWith(" ") || part.matches(".*[<>\"|?*:].*"))) {
      return "the name is not possible on Windows";
    }
    return null;
  }
}
