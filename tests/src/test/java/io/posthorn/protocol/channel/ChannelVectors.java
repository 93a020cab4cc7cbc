package io.posthorn.protocol.channel;

import io.posthorn.cli.JsonText;
import io.posthorn.vectors.VectorText;
import io.posthorn.wire.CloseReason;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** PROTOCOL.md §6: the bytes of an ordered channel and the messages in them. */
public final class ChannelVectors {
  /** What the receiver announced; larger messages are breaches. */
  private static final int MAX_WHOLE = 1_000;

  private static final String[] GOOD = {
    "00",
    "04686900",
    "0768656c046c6f",
    "03610000",
    "036101046263",
    "01027a",
    "03610362036300",
    "40046869",
    "800000046869",
    "0361",
    "0469",
    "4081" + "61".repeat(64) + "0262",
    "40c8" + "61".repeat(100),
    "47d0" + "61".repeat(1_000),
  };

  private static final String[] BAD = {
    "80020002", // a chunk of 65,537 bytes
    "80020003",
    "47d2", // 1,001 bytes in one message
    "47d1" + "61".repeat(1_000) + "02",
    "ffffffffffffffff",
  };

  private ChannelVectors() {}

  /** Streams, whole or cut, and what is handed over of them. */
  public static List<JsonText> good() {
    List<JsonText> out = new ArrayList<>();
    for (String hex : GOOD) {
      IncomingChannel channel = channel();
      CloseReason reason = data(channel, hex);
      if (reason != null) {
        throw new AssertionError(hex + " " + reason);
      }
      JsonText json = new JsonText().beginObject().put("bytes", hex).beginArray("messages");
      IncomingChannels.Taken taken;
      while ((taken = channel.take()) != null) {
        JsonText message = new JsonText().beginObject().put("number", taken.number());
        json.add(message.put("body", VectorText.hex(taken.body())).endObject());
      }
      out.add(json.endArray().endObject());
    }
    return out;
  }

  /** Streams that end the connection, with this {@code maxWholeMessage}. */
  public static List<JsonText> bad() {
    List<JsonText> out = new ArrayList<>();
    for (String hex : BAD) {
      JsonText json = new JsonText().beginObject().put("bytes", hex);
      json.put("maxWholeMessage", MAX_WHOLE);
      out.add(json.put("close", String.valueOf(data(channel(), hex))).endObject());
    }
    return out;
  }

  private static IncomingChannel channel() {
    ReceiveMemory memory = new ReceiveMemory(1 << 20);
    IncomingChannel channel =
        new IncomingChannel(0, new ReceiveBudget(512 * 1024, MAX_WHOLE, false), memory);
    channel.window().onGranted(1 << 18);
    return channel;
  }

  private static @Nullable CloseReason data(IncomingChannel to, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    if (!to.store(0, bytes, 0, bytes.length)) {
      throw new AssertionError("one run leaves no gap");
    }
    return to.scan();
  }
}
