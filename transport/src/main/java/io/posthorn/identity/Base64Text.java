package io.posthorn.identity;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Base64 that stands in a file or was typed, padded or not. */
final class Base64Text {
  private Base64Text() {}

  /** The bytes, or null if the text is not what an encoder writes for them. */
  static byte @Nullable [] decode(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      // Stray bits at the end would let one key have several texts.
      String again = Base64.getEncoder().encodeToString(bytes);
      String bare = Base64.getEncoder().withoutPadding().encodeToString(bytes);
      return text.equals(again) || text.equals(bare) ? bytes : null;
    } catch (IllegalArgumentException notBase64) {
      return null;
    }
  }
}
