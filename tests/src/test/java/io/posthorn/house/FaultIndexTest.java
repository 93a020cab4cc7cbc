package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Each fault and attack of the list of faults, rows 1 to 64, has a test that says its number: a
 * method with a name such as fault41_aFloodShutsNobodyOut, or with words such as "FAULTS 35" or
 * "FAULTS 7 and 10" in its own comment. What a class says of itself does not count, nor do ranges:
 * whoever looks for row N finds it, and whoever deletes its test hears of it.
 */
class FaultIndexTest {
  private static final int FIRST = 1;
  private static final int LAST = 64;
  private static final Pattern NAME = Pattern.compile("fault(\\d+)[_A-Z]");
  private static final Pattern WORDS =
      Pattern.compile("FAULTS (\\d++(?:(?:,| and| or) \\d++(?! to ))*)(?! to )");
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final Pattern TEST =
      Pattern.compile(
          "\\s*@(Test|Property|Example|ParameterizedTest|RepeatedTest|TestFactory)\\b.*");
  private static final Pattern METHOD = Pattern.compile("\\s*(\\w[\\w<>\\[\\]., ?]* )?\\w+\\(.*");

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
  void numbersAreFoundWhereTestsHaveThem() {
    String text =
        """
        /** FAULTS 1 to 9, and FAULTS 2: what a class says. */
        class Some {
          /**
           * FAULTS 35, 40: in
           * words.
           */
          @ParameterizedTest(name = "{0}")
          @CsvSource({
            "a(1), b",
          })
          void one(int i) {}

          @Test
          @Timeout(5)
          void fault7_x() {}

          /** FAULTS 12 to 14. */
          @Test
          void range() {}

          /** FAULTS 3: no test. */
          private static void helper() {}
        }
        """;
    assertEquals(List.of(7, 35, 40), List.copyOf(numbers(text)));
  }

  /** Of the comments and names of test methods. */
  private static TreeSet<Integer> numbers(String text) {
    TreeSet<Integer> found = new TreeSet<>();
    String[] lines = text.split("\n", -1);
    for (int at = 0; at < lines.length; at++) {
      if (TEST.matcher(lines[at]).matches()) {
        int first = at;
        while (first > 0 && isAboveMethod(lines[first - 1].strip())) {
          first--;
        }
        int last = at;
        while (last < lines.length - 1 && !METHOD.matcher(lines[last]).matches()) {
          last++;
        }
        addNumbers(String.join("\n", Arrays.copyOfRange(lines, first, last + 1)), found);
      }
    }
    return found;
  }

  private static boolean isAboveMethod(String line) {
    return line.startsWith("@") || line.startsWith("/**") || line.startsWith("*");
  }

  private static void addNumbers(String head, TreeSet<Integer> to) {
    for (Matcher name = NAME.matcher(head); name.find(); ) {
      to.add(Integer.parseInt(name.group(1)));
    }
    for (Matcher words = WORDS.matcher(head.replaceAll("\\n *\\*? *", " ")); words.find(); ) {
      for (Matcher number = NUMBER.matcher(words.group(1)); number.find(); ) {
        to.add(Integer.parseInt(number.group()));
      }
    }
  }
}
