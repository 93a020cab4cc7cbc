package io.posthorn.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * The text of a target's file of kept inputs: first what stands in it with a remark, for each of
 * those once found a fault, then the shortest of what fuzzing reached its coverage with, as far as
 * there is room.
 */
final class KeptInputs {
  static final int MOST_INPUTS = 80;
  static final int MOST_BYTES = 24_000;

  private KeptInputs() {}

  /**
   * Answers what the file is to say.
   *
   * @param name the target's
   * @param before what the file says
   * @param merged inputs that reach what the whole corpus reaches
   * @throws IllegalStateException if there are none: any corpus reaches something
   */
  static String text(String name, String before, List<byte[]> merged) {
    if (merged.isEmpty()) {
      throw new IllegalStateException("the merge of " + name + " has no inputs");
    }
    List<String> lines = new ArrayList<>();
    lines.add("# Inputs that fuzzing of " + name + " kept, one a line.");
    Set<String> found = new HashSet<>();
    for (String line : before.split("\n", -1)) {
      int remark = line.indexOf('#');
      if (remark > 0) {
        lines.add(line);
        found.add(line.substring(0, remark).strip());
      }
    }
    List<byte[]> inputs = new ArrayList<>(merged);
    inputs.sort(
        Comparator.<byte[]>comparingInt(each -> each.length).thenComparing(Arrays::compare));
    int bytes = 0;
    int count = 0;
    for (byte[] input : inputs) {
      String line = HexFormat.of().formatHex(input);
      if (found.contains(line)) {
        continue;
      }
      bytes += input.length;
      if (++count > MOST_INPUTS || bytes > MOST_BYTES) {
        break;
      }
      lines.add(line);
    }
    return String.join("\n", lines) + "\n";
  }
}
