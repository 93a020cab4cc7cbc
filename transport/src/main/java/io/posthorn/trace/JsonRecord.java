package io.posthorn.trace;

import java.util.Arrays;

/**
 * One JSON text in a buffer that is used again, with commas where they belong. Names and texts are
 * this package's own, or names of enum constants: printable ASCII without anything to escape,
 * except where {@link #text} escapes.
 */
final class JsonRecord {
  private static final int NANOS_DIGITS = 6;
  private static final byte[] HEX = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };

  private byte[] bytes = new byte[1024];
  private int length;
  private boolean comma;

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  void clear() {
    length = 0;
    comma = false;
  }

  /** A byte outside the JSON text. */
  void raw(int value) {
    byteOf(value);
  }

  JsonRecord beginObject() {
    separate();
    byteOf('{');
    comma = false;
    return this;
  }

  JsonRecord beginObject(String name) {
    name(name);
    byteOf('{');
    comma = false;
    return this;
  }

  JsonRecord endObject() {
    byteOf('}');
    comma = true;
    return this;
  }

  JsonRecord beginArray(String name) {
    name(name);
    byteOf('[');
    comma = false;
    return this;
  }

  JsonRecord beginArray() {
    separate();
    byteOf('[');
    comma = false;
    return this;
  }

  JsonRecord endArray() {
    byteOf(']');
    comma = true;
    return this;
  }

  JsonRecord put(String name, long value) {
    name(name);
    decimal(value);
    comma = true;
    return this;
  }

  JsonRecord put(String name, boolean value) {
    name(name);
    ascii(value ? "true" : "false");
    comma = true;
    return this;
  }

  JsonRecord put(String name, String value) {
    name(name);
    text(value);
    comma = true;
    return this;
  }

  /** 16 hexadecimal digits in quotes. */
  JsonRecord putHex(String name, long value) {
    name(name);
    byteOf('"');
    for (int shift = Long.SIZE - 4; shift >= 0; shift -= 4) {
      byteOf(HEX[(int) (value >>> shift) & 0xf]);
    }
    byteOf('"');
    comma = true;
    return this;
  }

  /** Nanoseconds as milliseconds with up to six decimals. */
  JsonRecord putMillis(String name, long nanos) {
    name(name);
    decimal(nanos / 1_000_000);
    int rest = (int) (nanos % 1_000_000);
    if (rest != 0) {
      byteOf('.');
      int digits = NANOS_DIGITS;
      while (rest % 10 == 0) {
        rest /= 10;
        digits--;
      }
      int divisor = 1;
      for (int i = 1; i < digits; i++) {
        divisor *= 10;
      }
      for (; divisor > 0; divisor /= 10) {
        byteOf('0' + (rest / divisor) % 10);
      }
    }
    comma = true;
    return this;
  }

  JsonRecord element(long value) {
    separate();
    decimal(value);
    comma = true;
    return this;
  }

  private void name(String name) {
    separate();
    byteOf('"');
    ascii(name);
    byteOf('"');
    byteOf(':');
  }

  private void separate() {
    if (comma) {
      byteOf(',');
    }
  }

  private void text(String value) {
    byteOf('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        byteOf('\\');
        byteOf(c);
      } else if (c >= ' ' && c < 0x7f) {
        byteOf(c);
      } else {
        ascii("\\u");
        for (int shift = Character.SIZE - 4; shift >= 0; shift -= 4) {
          byteOf(HEX[(c >>> shift) & 0xf]);
        }
      }
    }
    byteOf('"');
  }

  private void ascii(String value) {
    for (int i = 0; i < value.length(); i++) {
      byteOf(value.charAt(i));
    }
  }

  private void decimal(long value) {
    long rest = value;
    if (rest < 0) {
      byteOf('-');
      rest = -rest;
    }
    int digits = 1;
    for (long ten = rest; ten >= 10; ten /= 10) {
      digits++;
    }
    ensure(digits);
    for (int at = length + digits - 1; at >= length; at--) {
      bytes[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
  }

  private void byteOf(int value) {
    ensure(1);
    bytes[length++] = (byte) value;
  }

  private void ensure(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, 2 * bytes.length);
    }
  }
}
