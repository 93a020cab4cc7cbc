package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the text form of {@link LinkConditions}; every error says where, what and how. */
final class LinkConditionsParser {
  private static final String WORDS =
      "delay, loss, reorder, duplicate, corrupt, rate, queue, ecn, mtu, outage, rebind, replay,"
          + " none or one of ";
  private static final String DURATION = "a duration with its unit (us, ms or s), at most a year";
  private static final String QUEUE =
      "a number of packets (at most "
          + LinkParts.Queue.most(QueueUnit.PACKETS)
          + "), a size (b, kb, mb; at most "
          + LinkUnits.size(LinkParts.Queue.most(QueueUnit.BYTES))
          + ") or a duration (us, ms, s; at most a year), above 0";
  private static final String PERCENT = "a percentage from 0% to 100%";

  private final String text;
  private final List<String> words = new ArrayList<>();
  private final List<Integer> columns = new ArrayList<>();
  private final Map<String, Integer> saidAt = new HashMap<>();
  private LinkParts parts = new LinkParts();
  private int next;

  LinkConditionsParser(String text) {
    this.text = text;
    int at = 0;
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
        end++;
      }
      if (end > at) {
        words.add(text.substring(at, end).toLowerCase(Locale.ROOT));
        columns.add(at + 1);
      }
      at = end + 1;
    }
  }

  LinkConditions parse() {
    if (words.isEmpty()) {
      throw wrong(0, "conditions, or none for a perfect link", "delay 40ms loss 5%");
    }
    if (words.get(0).equals("replay")) {
      return replay();
    }
    while (next < words.size()) {
      int at = next++;
      String word = words.get(at);
      if (word.startsWith("@") || word.equals("none")) {
        profile(at, word);
        continue;
      }
      Integer before = saidAt.put(word, at);
      if (before != null) {
        throw wrong(
            at, "each word once, and \"" + word + "\" is also word " + (before + 1), text(before));
      }
      switch (word) {
        case "delay" -> delay();
        case "loss" -> loss();
        case "reorder" -> reorder();
        case "duplicate" -> duplicate();
        case "corrupt" -> parts.corruptPpb = percent("corrupt 0.1%");
        case "rate" -> rate();
        case "queue" ->
            parts.queue =
                queue(
                    argument(QUEUE, "queue 100\", \"queue 64kb\" or \"queue 50ms"),
                    "queue 100\", \"queue 64kb\" or \"queue 50ms");
        case "ecn" -> ecn();
        case "mtu" -> mtu();
        case "outage" -> outage();
        case "rebind" -> rebind();
        case "replay" ->
            throw wrong(at, "replay alone, for a recording says everything", "replay wifi.trace");
        default ->
            throw wrong(
                at, WORDS + String.join(" ", LinkProfiles.names()), "delay 40ms 10ms loss 5%");
      }
    }
    if (parts.reorderNeedsDelay()) {
      throw wrong(
          saidAt.getOrDefault("reorder", 0),
          "a delay that a share of the datagrams can skip, or a time to hold them back",
          "delay 40ms reorder 10%\" or \"reorder 10% 20ms");
    }
    if (parts.queueNeedsRate()) {
      throw wrong(
          saidAt.getOrDefault("queue", 0),
          "a rate for the queue to wait for",
          "rate 20mbit queue 100");
    }
    if (parts.marksNeedRate()) {
      throw wrong(
          saidAt.getOrDefault("ecn", 0),
          "a rate for the queue that marks to wait for",
          "rate 20mbit ecn 5ms");
    }
    return LinkConditions.of(parts);
  }

  /** The rest of the text is the file's name, with its own letters and blanks. */
  private LinkConditions replay() {
    if (words.size() == 1) {
      throw wrong(1, "a file that \"posthorn proxy --record\" wrote", "replay wifi.trace");
    }
    String file = text.substring(columns.get(1) - 1).stripTrailing();
    try {
      return LinkConditions.replaying(LinkRecording.read(Path.of(file)));
    } catch (IOException unreadable) {
      throw new IllegalArgumentException(
          "link conditions: cannot replay " + unreadable.getMessage(), unreadable);
    }
  }

  private void profile(int at, String name) {
    LinkConditions profile = name.equals("none") ? LinkConditions.NONE : LinkProfiles.find(name);
    if (profile == null) {
      throw wrong(
          at, "a profile, one of " + String.join(" ", LinkProfiles.names()), "@lte loss 2%");
    }
    if (at != 0) {
      throw wrong(at, "a profile only as the first word, its changes after it", name + " loss 2%");
    }
    parts = profile.parts();
  }

  private void delay() {
    String example = "delay 40ms 10ms 25% distribution normal";
    long nanos = duration(example);
    int jitterAt = next;
    long jitter = optional(LinkUnits::parseDuration, 0);
    // A correlation belongs to a jitter, as in tc-netem(8): TIME [ JITTER [ CORRELATION ] ].
    long correlation = next == jitterAt ? 0 : optional(LinkUnits::parsePercent, 0);
    Distribution distribution = Distribution.UNIFORM;
    if (take("distribution")) {
      String name = argument("uniform or normal", example);
      distribution =
          switch (name) {
            case "uniform" -> Distribution.UNIFORM;
            case "normal" -> Distribution.NORMAL;
            default -> throw wrong(next - 1, "uniform or normal", example);
          };
    }
    parts.delay = new LinkParts.Delay(nanos, jitter, (int) correlation, distribution);
  }

  private void loss() {
    if (take("gemodel")) {
      String example = "loss gemodel 1% 20%";
      int enter = percent(example);
      int leave = (int) optional(LinkUnits::parsePercent, LinkUnits.CERTAIN_PPB - enter);
      int bad = (int) optional(LinkUnits::parsePercent, LinkUnits.CERTAIN_PPB);
      int good = (int) optional(LinkUnits::parsePercent, 0);
      parts.loss = LossModel.gilbertElliott(enter, leave, bad, good);
      return;
    }
    take("random");
    parts.loss = LossModel.random(percent("loss 5%"));
    if (next < words.size() && LinkUnits.parsePercent(words.get(next)) >= 0) {
      throw wrong(
          next, "the next word: independent loss has no correlation", "loss gemodel 1% 20%");
    }
  }

  private void reorder() {
    int ppb = percent("reorder 10%");
    long hold = optional(LinkUnits::parseDuration, 0);
    long gap = 1;
    if (take("gap")) {
      String expected = "a number of datagrams from 1 to " + LinkUnits.MOST_COUNT;
      gap = LinkUnits.parseCount(argument(expected, "reorder 25% gap 5"));
      if (gap < 1) {
        throw wrong(next - 1, expected, "reorder 25% gap 5");
      }
    }
    parts.reorder = new LinkParts.Reorder(ppb, hold, (int) gap);
  }

  private void duplicate() {
    int ppb = percent("duplicate 1%");
    parts.duplicate = new LinkParts.Duplicate(ppb, optional(LinkUnits::parseDuration, 0));
  }

  private void rate() {
    String expected =
        "a rate above 0 in bit, kbit, mbit or gbit a second, at most "
            + LinkUnits.rate(LinkUnits.MOST_RATE);
    long rate = LinkUnits.parseRate(argument(expected, "rate 20mbit"));
    if (rate < 1) {
      throw wrong(next - 1, expected, "rate 20mbit");
    }
    parts.rateBitsPerSecond = rate;
  }

  /** What follows is a threshold if it looks like one; else {@code ecn} stands alone. */
  private void ecn() {
    EcnTreatment treatment = EcnTreatment.MARK_LOSS;
    LinkParts.Queue threshold = LinkParts.Queue.DEFAULT;
    String word = textOf(next);
    if (take("bleach")) {
      treatment = EcnTreatment.BLEACH;
    } else if (take("mangle")) {
      treatment = EcnTreatment.MANGLE;
    } else if (take("drop")) {
      treatment = EcnTreatment.DROP;
    } else if (word != null && Character.isDigit(word.charAt(0))) {
      next++;
      treatment = EcnTreatment.MARK_QUEUE;
      threshold = queue(word, "ecn 30\", \"ecn 64kb\" or \"ecn 5ms");
    }
    parts.ecn = new LinkParts.Ecn(treatment, threshold);
  }

  /** The word taken last as a limit of a queue. */
  private LinkParts.Queue queue(String limitText, String example) {
    long limit = LinkUnits.parseCount(limitText);
    QueueUnit unit = QueueUnit.PACKETS;
    if (limit < 0) {
      limit = LinkUnits.parseSize(limitText);
      unit = QueueUnit.BYTES;
    }
    if (limit < 0) {
      limit = LinkUnits.parseDuration(limitText);
      unit = QueueUnit.NANOS;
    }
    if (limit < 1) {
      throw wrong(next - 1, QUEUE, example);
    }
    if (limit > LinkParts.Queue.most(unit)) {
      throw wrong(
          next - 1,
          "at most "
              + (unit == QueueUnit.PACKETS
                  ? LinkParts.Queue.most(unit) + " packets"
                  : LinkUnits.size(LinkParts.Queue.most(unit))),
          example);
    }
    return new LinkParts.Queue(unit, limit);
  }

  private void mtu() {
    String expected = "IP bytes from " + LinkParts.MTU_LEAST + " to " + LinkParts.MTU_UNLIMITED;
    long bytes = LinkUnits.parseCount(argument(expected, "mtu 1400"));
    if (bytes < LinkParts.MTU_LEAST || bytes > LinkParts.MTU_UNLIMITED) {
      throw wrong(next - 1, expected, "mtu 1400");
    }
    parts.mtuBytes = (int) bytes;
  }

  private void outage() {
    String example = "outage 2s 1s every 10s";
    long at = duration(example);
    long length = duration(example);
    if (length == 0) {
      throw wrong(next - 1, "an outage longer than 0", example);
    }
    long period = 0;
    if (take("every")) {
      period = duration(example);
      if (period <= length) {
        throw wrong(next - 1, "a period longer than the outage", example);
      }
    }
    parts.outage = new LinkParts.Outage(at, length, period);
  }

  private void rebind() {
    String example = "rebind 5s address";
    long period = duration(example);
    if (period == 0) {
      throw wrong(next - 1, "a period longer than 0", example);
    }
    Rebinding kind = Rebinding.PORT;
    if (take("address")) {
      kind = Rebinding.ADDRESS;
    } else {
      take("port");
    }
    parts.rebind = new LinkParts.Rebind(period, kind);
  }

  private interface Reader {
    long read(String word);
  }

  /** The next word's value if it is of the reader's form; else the word stays for who is next. */
  private long optional(Reader reader, long otherwise) {
    if (next < words.size()) {
      long value = reader.read(words.get(next));
      if (value >= 0) {
        next++;
        return value;
      }
    }
    return otherwise;
  }

  private boolean take(String word) {
    if (next < words.size() && words.get(next).equals(word)) {
      next++;
      return true;
    }
    return false;
  }

  private String argument(String expected, String example) {
    if (next == words.size()) {
      throw wrong(next, expected, example);
    }
    return words.get(next++);
  }

  private long duration(String example) {
    long nanos = LinkUnits.parseDuration(argument(DURATION, example));
    if (nanos < 0) {
      throw wrong(next - 1, DURATION, example);
    }
    return nanos;
  }

  private int percent(String example) {
    long ppb = LinkUnits.parsePercent(argument(PERCENT, example));
    if (ppb < 0) {
      throw wrong(next - 1, PERCENT, example);
    }
    return (int) ppb;
  }

  private @Nullable String textOf(int at) {
    return at < words.size() ? words.get(at) : null;
  }

  private String text(int at) {
    String word = textOf(at);
    return word == null ? "" : word;
  }

  private IllegalArgumentException wrong(int at, String expected, String example) {
    String word = textOf(at);
    String where =
        word == null
            ? "at the end of \"" + text + "\""
            : "word " + (at + 1) + " \"" + word + "\" (column " + columns.get(at) + ")";
    return new IllegalArgumentException(
        "link conditions, " + where + ": expected " + expected + ", e.g. \"" + example + "\"");
  }
}
