package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameType;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What transport/PROTOCOL.md says in tables is what the code has, and its references lead there.
 */
class ProtocolTextTest {
  private static final Pattern HEADING = Pattern.compile("(?m)^#{2,4} (\\d+(?:\\.\\d+)*) ");
  private static final Pattern REFERENCE =
      Pattern.compile("(RFC \\d+[^§\\n]{0,20}|rev\\. 34, |Noise )?§(\\d+(?:\\.\\d+)*)");
  private static final Pattern POWER = Pattern.compile("2\\^(\\d+)( − (\\d+))?");

  private static String text = "";

  @BeforeAll
  static void read() throws IOException {
    text = SourceFile.read(SourceFile.ROOT.resolve("transport/PROTOCOL.md")).text();
  }

  /** The part of the text below a heading, up to the next of any rank. */
  private static String section(String heading) {
    int from = text.indexOf("\n" + heading) + 1;
    assertTrue(from > 0, "no section " + heading);
    int to = text.indexOf("\n#", from);
    return text.substring(from, to < 0 ? text.length() : to);
  }

  /** The first two cells of each row. */
  private static Map<String, String> rows(String section) {
    Map<String, String> rows = new TreeMap<>();
    Matcher row = Pattern.compile("(?m)^\\| ([^|]+) \\| ([^|]+) \\|").matcher(section(section));
    while (row.find()) {
      rows.put(row.group(1).strip(), row.group(2).strip());
    }
    return rows;
  }

  private static long value(String words) {
    Matcher power = POWER.matcher(words);
    if (power.matches()) {
      long less = power.group(3) == null ? 0 : Long.parseLong(power.group(3));
      return (1L << Integer.parseInt(power.group(1))) - less;
    }
    return Long.decode(words.replace(",", ""));
  }

  private static Map<String, Long> constants(Class<?> type) throws IllegalAccessException {
    Map<String, Long> constants = new TreeMap<>();
    for (Field field : type.getDeclaredFields()) {
      boolean number = field.getType() == int.class || field.getType() == long.class;
      if (number && Modifier.isStatic(field.getModifiers())) {
        field.setAccessible(true);
        constants.put(field.getName(), ((Number) field.get(null)).longValue());
      }
    }
    return constants;
  }

  @Test
  void constantsHaveTheValuesOfTheText() throws ReflectiveOperationException {
    Map<String, String> rows = rows("## Appendix B: constants");
    rows.remove("constant");
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, String> row : rows.entrySet()) {
      String name = row.getKey();
      int dot = name.lastIndexOf('.');
      String type = name.substring(0, dot);
      Class<?> owner = Class.forName("io.posthorn." + (type.contains(".") ? "" : "wire.") + type);
      Long found = constants(owner).get(name.substring(dot + 1));
      if (found == null || found != value(row.getValue())) {
        wrong.add(name + ": text " + row.getValue() + ", code " + found);
      }
    }
    assertEquals(List.of(), wrong);
    for (String bound : constants(WireLimits.class).keySet()) {
      assertTrue(rows.containsKey("WireLimits." + bound), bound + " is not in the text");
    }
  }

  @Test
  void frameTypesAreThoseOfTheText() throws ReflectiveOperationException {
    Map<Long, String> said = new TreeMap<>();
    for (Map.Entry<String, String> row : rows("### 5.1 Rules").entrySet()) {
      if (row.getKey().startsWith("0x")) {
        String[] ends = row.getKey().split(" – |, ", -1);
        String[] names = row.getValue().split(", ", -1);
        for (int i = 0; i < names.length; i++) {
          said.put(Long.decode(ends[0]) + i, names[i]);
        }
        assertEquals(Long.decode(ends[0]) + names.length - 1, Long.decode(ends[ends.length - 1]));
      }
    }
    Map<Long, String> known = new TreeMap<>();
    constants(FrameType.class).forEach((name, number) -> known.put(number, name));
    assertEquals(known, said);
  }

  @Test
  void closeReasonsAreThoseOfTheText() {
    Map<String, String> said = rows("### 13.1 Close reasons");
    said.remove("code");
    Map<String, String> known = new TreeMap<>();
    for (CloseReason reason : CloseReason.values()) {
      if (!reason.isLocal()) {
        known.put("0x%02x".formatted(reason.code()), reason.name());
      } else {
        assertTrue(section("### 13.1 Close reasons").contains(reason.name()), reason.name());
      }
    }
    assertEquals(known, said);
  }

  @Test
  void dropReasonsAreThoseOfTheText() {
    Set<String> said = new TreeSet<>(rows("### 13.2 Drop reasons").keySet());
    said.remove("reason");
    Set<String> known = new TreeSet<>();
    Stream.of(DropReason.values()).map(DropReason::name).forEach(known::add);
    known.remove("NONE");
    assertEquals(known, said);
  }

  @Test
  void parametersAreThoseOfTheText() throws ReflectiveOperationException {
    Map<String, Long> known = constants(TransportParameters.class);
    Map<String, String> said = rows("## 7 Transport parameters");
    int found = 0;
    for (Map.Entry<String, String> row : said.entrySet()) {
      if (row.getKey().startsWith("0x")) {
        String name = row.getValue().replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT);
        assertEquals(Long.decode(row.getKey()), known.get(name), row.getValue());
        found++;
      }
    }
    assertEquals(16, found);
  }

  @Test
  void eachReferenceLeadsToASection() throws IOException {
    Set<String> headings = new TreeSet<>();
    Matcher heading = HEADING.matcher(text);
    while (heading.find()) {
      headings.add(heading.group(1));
    }
    assertTrue(headings.contains("13.2"), headings.toString());
    Set<String> lost = new TreeSet<>();
    Matcher reference = REFERENCE.matcher(text);
    while (reference.find()) {
      if (reference.group(1) == null && !headings.contains(reference.group(2))) {
        int line = text.substring(0, reference.start()).split("\n", -1).length;
        lost.add("PROTOCOL.md:" + line + ": §" + reference.group(2));
      }
    }
    Pattern cited = Pattern.compile("PROTOCOL\\.md §(\\d+(?:\\.\\d+)*)");
    for (SourceFile file : SourceFile.under("transport/src/main/java", ".java")) {
      Matcher cites = cited.matcher(file.text());
      while (cites.find()) {
        if (!headings.contains(cites.group(1))) {
          lost.add(file.path() + ": §" + cites.group(1));
        }
      }
    }
    assertEquals(Set.of(), lost);
  }

  @Test
  void eachLinkLeadsToAHeading() {
    Set<String> anchors = new TreeSet<>();
    Matcher heading = Pattern.compile("(?m)^#{1,4} (.+)$").matcher(text);
    while (heading.find()) {
      String words = heading.group(1).toLowerCase(Locale.ROOT);
      anchors.add(words.replaceAll("[^a-z0-9 -]", "").replace(' ', '-'));
    }
    Matcher link = Pattern.compile("\\]\\(#([^)]+)\\)").matcher(text);
    int links = 0;
    while (link.find()) {
      assertTrue(anchors.contains(link.group(1)), link.group(1));
      links++;
    }
    assertTrue(links > 10, "no contents");
  }
}
