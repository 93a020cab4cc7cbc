package io.posthorn.cli;

import java.util.Locale;

/** How messages stand in a stream of bytes, on standard input, standard output or in a file. */
enum Framing {
  /** Each on its line. */
  LINE,
  /** Each behind its length: four bytes, big-endian. */
  LENGTH,
  /** One behind the other with nothing between: their bounds are lost, the bytes are not. */
  RAW,
  /** Each a JSON object on its line; for output only. */
  JSON;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
