package io.posthorn.cli.proxy;

import io.posthorn.cli.JsonText;

/**
 * What a proxy does to datagrams.
 *
 * @param up the conditions from the clients to the target, in words
 * @param down the conditions from the target to the clients, in words
 * @param cut whether nothing passes at all
 */
public record ProxyState(String up, String down, boolean cut) {
  /** In words. */
  public String text() {
    return "up: " + up + "; down: " + down + (cut ? "; cut" : "");
  }

  /** In words, with what was changed since. */
  public String textSince(ProxyState before) {
    String mended = before.cut && !cut ? "; mended" : "";
    return "up: "
        + up
        + was(before.up, up)
        + "; down: "
        + down
        + was(before.down, down)
        + (cut ? "; cut" : mended);
  }

  private static String was(String before, String now) {
    return before.equals(now) ? "" : " (was " + before + ")";
  }

  /** Adds its members to an object. */
  public void putInto(JsonText object) {
    object.put("up", up).put("down", down).put("cut", cut);
  }
}
