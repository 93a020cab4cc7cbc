package io.posthorn.cli.trace;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/** Values of JSON that somebody else wrote: what is not as expected counts as absent. */
final class JsonValues {
  private JsonValues() {}

  static String text(JsonObject in, String name) {
    JsonElement value = in.get(name);
    return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
  }

  static JsonObject object(JsonObject in, String name) {
    JsonElement value = in.get(name);
    return value != null && value.isJsonObject() ? value.getAsJsonObject() : new JsonObject();
  }

  static JsonArray array(JsonObject in, String name) {
    JsonElement value = in.get(name);
    return value != null && value.isJsonArray() ? value.getAsJsonArray() : new JsonArray();
  }

  /** A whole number; -1 if it is none. */
  static long number(@Nullable JsonElement value) {
    return scalar(value) instanceof Long number ? number : -1;
  }

  /** A number; 0 if it is none. */
  static double decimal(@Nullable JsonElement value) {
    return scalar(value) instanceof Number number ? number.doubleValue() : 0;
  }

  /** A text, a Boolean, a Long or a Double; null if it is none of these. */
  static @Nullable Object scalar(@Nullable JsonElement value) {
    if (value == null || !value.isJsonPrimitive()) {
      return null;
    }
    JsonPrimitive primitive = value.getAsJsonPrimitive();
    if (primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    if (!primitive.isNumber()) {
      return primitive.getAsString();
    }
    String digits = primitive.getAsString();
    try {
      return digits.length() > 18 || !digits.matches("-?\\d+")
          ? (Object) Double.valueOf(digits)
          : (Object) Long.valueOf(digits);
    } catch (NumberFormatException none) {
      return digits;
    }
  }

  /** {@code total_length} becomes {@code totalLength}. */
  static String camelCase(String name) {
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < name.length(); at++) {
      char c = name.charAt(at);
      boolean next = c == '_' && at + 1 < name.length();
      out.append(next ? Character.toUpperCase(name.charAt(++at)) : c);
    }
    return out.toString();
  }
}
