package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Each fault and attack of the list of faults, rows 1 to 64, has a test that says its number: by a
 * name such as fault41_aFloodShutsNobodyOut, or by words such as "FAULTS 47 to 54" or "FAULTS 35,
 * 40" in its comment. So whoever looks for row N finds it.
 */
class FaultIndexTest {
  private static final int FIRST = 1;
  private static final int LAST = 64;
  private static final Pattern NAME = Pattern.compile("fault(\\d+)[_A-Z]");
  private static final Pattern WORDS =
      Pattern.compile("FAULTS (\\d+(?:(?:,| and| to| or) (?:\\d+))*)");

  @Test
  void eachFaultHasItsTestByNumber() throws IOException {
    TreeSet<Integer> named = new TreeSet<>();
    for (SourceFile file : SourceFile.under("tests/src/test/java", ".java")) {
      if (!file.path().endsWith("FaultIndexTest.java")) {
        named.addAll(numbers(file.text()));
      }
    }
    List<Integer> missing = new ArrayList<>();
    for (int row = FIRST; row <= LAST; row++) {
      if (!named.contains(row)) {
        missing.add(row);
      }
    }
    assertEquals(List.of(), missing);
  }

  @Test
  void numbersAreFoundAsTheyAreWritten() {
    assertEquals(
        List.of(3, 7, 35, 40, 47, 48, 49, 50),
        List.copyOf(
            numbers("void fault7_x() FAULTS 3: y * FAULTS 35, 40: z FAULTS 47 to 50: w 60")));
  }

  private static TreeSet<Integer> numbers(String text) {
    TreeSet<Integer> found = new TreeSet<>();
    for (Matcher name = NAME.matcher(text); name.find(); ) {
      found.add(Integer.parseInt(name.group(1)));
    }
    for (Matcher words = WORDS.matcher(text); words.find(); ) {
      int last = -1;
      boolean range = false;
      for (String word : words.group(1).split("[, ]+", -1)) {
        if (!Character.isDigit(word.charAt(0))) {
          range = word.equals("to");
          continue;
        }
        int row = Integer.parseInt(word);
        for (int between = range ? last + 1 : row; between <= row; between++) {
          found.add(between);
        }
        last = row;
        range = false;
      }
    }
    return found;
  }
}
