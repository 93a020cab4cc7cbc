package io.posthorn.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The shapes that cli/JSON.md lists, and whether a line of JSON has one of them. */
final class JsonShapes {
  private static final Pattern LINE = Pattern.compile("(\\w+) +(out|err|=) +(.+)");

  /** Members that an object may have; those whose name ends with a question mark may be absent. */
  private record Shape(Map<String, Shape> members) {}

  private final Map<String, List<Shape>> shapes = new HashMap<>();
  private final Map<String, String> words = new HashMap<>();

  private JsonShapes() {}

  /** Reads them. */
  static JsonShapes read() throws IOException {
    JsonShapes all = new JsonShapes();
    List<String> lines =
        Files.readAllLines(Path.of(System.getProperty("posthorn.root"), "cli/JSON.md"));
    List<Matcher> found = new ArrayList<>();
    for (String line : lines) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        found.add(matcher);
        if (matcher.group(2).equals("=")) {
          all.words.put(matcher.group(1), matcher.group(3));
        }
      }
    }
    for (Matcher matcher : found) {
      if (!matcher.group(2).equals("=")) {
        all.shapes
            .computeIfAbsent(matcher.group(1) + " " + matcher.group(2), any -> new ArrayList<>())
            .add(all.shape(matcher.group(3)));
      }
    }
    return all;
  }

  /** Words, each perhaps with what is in it in braces or brackets. */
  private Shape shape(String text) {
    Map<String, Shape> members = new LinkedHashMap<>();
    int at = 0;
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && " {[".indexOf(text.charAt(end)) < 0) {
        end++;
      }
      String name = text.substring(at, end);
      Shape inner = new Shape(Map.of());
      if (end < text.length() && text.charAt(end) != ' ') {
        int close = close(text, end);
        inner = shape(text.substring(end + 1, close));
        end = close + 1;
      }
      String word = words.get(name);
      if (word != null) {
        members.putAll(shape(word).members());
      } else if (!name.isEmpty()) {
        members.put(name, inner);
      }
      at = end + 1;
    }
    return new Shape(members);
  }

  private static int close(String text, int open) {
    int depth = 0;
    for (int at = open; ; at++) {
      if ("{[".indexOf(text.charAt(at)) >= 0) {
        depth++;
      } else if ("}]".indexOf(text.charAt(at)) >= 0 && --depth == 0) {
        return at;
      }
    }
  }

  /** What is wrong with a line that a command said; empty if it has one of the shapes. */
  String complaint(String command, String stream, String line) {
    Object value = new JsonReader(line).whole();
    StringBuilder all = new StringBuilder();
    List<Shape> possible = new ArrayList<>(shapes.getOrDefault(command + " " + stream, List.of()));
    possible.addAll(shapes.getOrDefault("any " + stream, List.of()));
    for (Shape shape : possible) {
      String wrong = complaint(shape, value, "");
      if (wrong.isEmpty()) {
        return "";
      }
      all.append(wrong).append("; ");
    }
    return command + " " + stream + ": " + all + line;
  }

  private static String complaint(Shape shape, Object value, String where) {
    if (value instanceof List<?> list) {
      for (Object element : list) {
        String wrong = complaint(shape, element, where + "[]");
        if (!wrong.isEmpty()) {
          return wrong;
        }
      }
      return "";
    }
    if (!(value instanceof Map<?, ?> object)) {
      return shape.members().isEmpty() ? "" : where + " is no object";
    }
    Set<String> left = new TreeSet<>();
    object.keySet().forEach(key -> left.add(String.valueOf(key)));
    for (Map.Entry<String, Shape> member : shape.members().entrySet()) {
      boolean optional = member.getKey().endsWith("?");
      String name = member.getKey().replace("?", "");
      if (name.equals("*")) {
        left.clear();
      } else if (left.remove(name)) {
        String wrong = complaint(member.getValue(), object.get(name), where + "." + name);
        if (!wrong.isEmpty()) {
          return wrong;
        }
      } else if (!optional) {
        return where + "." + name + " is missing";
      }
    }
    return left.isEmpty() ? "" : where + left + " is not listed";
  }
}
