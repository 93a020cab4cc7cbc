package io.posthorn.cli.compare;

import org.jspecify.annotations.Nullable;

/** What is measured of a transport, in the order of the table. */
public enum Metric {
  /** Messages that the transport took from the sender. */
  SENT("sent", "sent", Unit.COUNT),
  /** Different messages that arrived whole. */
  DELIVERED("delivered", "delivered", Unit.COUNT),
  /** Messages that did not arrive. */
  LOST("lost", "lost", Unit.COUNT),
  /** Arrivals that repeated an earlier one. */
  DUPLICATED("duplicated", "duplicated", Unit.COUNT),
  /** Messages that came after one which was sent later. */
  OUT_OF_ORDER("outOfOrder", "out of order", Unit.COUNT),
  /** Arrivals that were not what was sent. */
  CORRUPTED("corrupted", "corrupted", Unit.COUNT),
  /** Bits of delivered messages over the time to the last arrival. */
  GOODPUT("goodput", "goodput", Unit.RATE),
  /** The latency that half of all messages kept. */
  P50("p50", "latency p50", Unit.TIME),
  /** The latency that 99 % of all messages kept. */
  P99("p99", "latency p99", Unit.TIME),
  /** The largest latency. */
  MAX("max", "latency max", Unit.TIME),
  /** The share of all messages that came within 100 ms of when they were due. */
  WITHIN_100_MS("within100ms", "within 100 ms", Unit.SHARE),
  /** Packets on the wire. */
  DATAGRAMS("datagrams", "datagrams", Unit.COUNT),
  /** Their bytes. */
  BYTES("bytes", "bytes on the wire", Unit.COUNT),
  /** What the transport sent again. */
  RETRANSMISSIONS("retransmissions", "retransmissions", Unit.COUNT);

  /** What a figure counts, which decides what it can be compared with. */
  public enum Unit {
    /** A plain number. */
    COUNT("a number", "5"),
    /** Nanoseconds. */
    TIME("a time", "80ms"),
    /** 0 to 1. */
    SHARE("a share", "95%"),
    /** Bits a second. */
    RATE("a rate", "100kbit");

    private final String words;
    private final String example;

    Unit(String words, String example) {
      this.words = words;
      this.example = example;
    }

    String words() {
      return words;
    }

    String example() {
      return example;
    }
  }

  private final String word;
  private final String label;
  private final Unit unit;

  Metric(String word, String label, Unit unit) {
    this.word = word;
    this.label = label;
    this.unit = unit;
  }

  /**
   * The name in expressions and JSON.
   *
   * @return such as {@code outOfOrder}
   */
  public String word() {
    return word;
  }

  /**
   * The name in the table.
   *
   * @return such as {@code out of order}
   */
  public String label() {
    return label;
  }

  /**
   * What it counts.
   *
   * @return the unit
   */
  public Unit unit() {
    return unit;
  }

  static @Nullable Metric find(String word) {
    for (Metric metric : values()) {
      if (metric.word.equals(word)) {
        return metric;
      }
    }
    return null;
  }
}
