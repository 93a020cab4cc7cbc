package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class LinkConditionsProperties {
  @Property(tries = 1_000)
  void textParsesBackToAnEqualValue(@ForAll long seed) {
    LinkConditions conditions = random(new SplittableRandom(seed));
    LinkConditions read = LinkConditions.parse(conditions.toString());
    assertEquals(conditions, read);
    assertEquals(conditions.toString(), read.toString());
    assertEquals(conditions.hashCode(), read.hashCode());
  }

  @Property(tries = 2_000)
  void anyTextIsReadOrRefusedInWords(@ForAll("specs") String text) {
    try {
      LinkConditions conditions = LinkConditions.parse(text);
      assertEquals(conditions, LinkConditions.parse(conditions.toString()));
    } catch (IllegalArgumentException refused) {
      assertTrue(refused.toString().contains(": expected "), refused.toString());
      assertTrue(refused.toString().contains("e.g. \""), refused.toString());
    }
  }

  @Provide
  Arbitrary<String> specs() {
    Arbitrary<String> words =
        Arbitraries.of(
            List.of(
                "delay",
                "loss",
                "reorder",
                "duplicate",
                "corrupt",
                "rate",
                "queue",
                "mtu",
                "outage",
                "rebind",
                "ecn",
                "bleach",
                "drop",
                "none",
                "@lte",
                "@",
                "gemodel",
                "random",
                "distribution",
                "normal",
                "gap",
                "every",
                "port",
                "address",
                "5%",
                "100%",
                "101%",
                "5",
                "40ms",
                "10us",
                "1s",
                "0s",
                "20mbit",
                "64kb",
                "1400",
                "9999999999999999999s",
                "-1",
                "\t"));
    return Arbitraries.oneOf(
        words.list().ofMaxSize(12).map(list -> String.join(" ", list)),
        Arbitraries.strings().ofMaxLength(40));
  }

  /** Conditions of any kind, each word said or not by the toss of a coin. */
  static LinkConditions random(SplittableRandom random) {
    LinkConditions conditions = LinkConditions.NONE;
    if (random.nextBoolean()) {
      conditions =
          conditions.withDelay(
              duration(random),
              random.nextBoolean() ? Duration.ZERO : duration(random),
              random.nextBoolean() ? Distribution.UNIFORM : Distribution.NORMAL);
    }
    if (random.nextBoolean()) {
      conditions =
          random.nextBoolean()
              ? conditions.withLoss(random.nextDouble())
              : conditions.withBurstLoss(
                  random.nextDouble(),
                  random.nextDouble(),
                  random.nextDouble(),
                  random.nextBoolean() ? 0 : random.nextDouble());
    }
    if (random.nextBoolean()) {
      conditions =
          conditions.withReorder(
              random.nextDouble(), duration(random).plusNanos(1), random.nextInt(1, 1_000));
    }
    if (random.nextBoolean()) {
      conditions =
          conditions.withDuplicate(
              random.nextDouble(), random.nextBoolean() ? Duration.ZERO : duration(random));
    }
    if (random.nextBoolean()) {
      conditions = conditions.withCorrupt(random.nextDouble());
    }
    if (random.nextBoolean()) {
      conditions = conditions.withRate(byMagnitude(random, 1_000_000_000_000L));
      if (random.nextBoolean()) {
        QueueUnit unit = List.of(QueueUnit.values()).get(random.nextInt(3));
        conditions = conditions.withQueue(unit, byMagnitude(random, 65_536));
      }
      if (random.nextBoolean()) {
        QueueUnit unit = List.of(QueueUnit.values()).get(random.nextInt(3));
        conditions = conditions.withEcnThreshold(unit, byMagnitude(random, 65_536));
      }
    }
    if (random.nextBoolean() && conditions.ecnTreatment() == EcnTreatment.KEEP) {
      EcnTreatment treatment = List.of(EcnTreatment.values()).get(random.nextInt(6));
      if (treatment != EcnTreatment.MARK_QUEUE) {
        conditions = conditions.withEcn(treatment);
      }
    }
    if (random.nextBoolean()) {
      conditions = conditions.withMtu(random.nextInt(68, random.nextBoolean() ? 2_000 : 65_536));
    }
    if (random.nextBoolean()) {
      Duration length = duration(random).plusNanos(1);
      conditions =
          random.nextBoolean()
              ? conditions.withOutage(duration(random), length)
              : conditions.withOutage(
                  duration(random), length, length.plus(duration(random)).plusNanos(1));
    }
    if (random.nextBoolean()) {
      Rebinding kind = random.nextBoolean() ? Rebinding.PORT : Rebinding.ADDRESS;
      conditions = conditions.withRebind(duration(random), kind);
    }
    return conditions;
  }

  /** Drawn evenly, nearly all would have the most digits. */
  private static long byMagnitude(SplittableRandom random, long most) {
    int digits = Long.toString(most).length();
    long least = 1;
    for (int i = random.nextInt(digits); i > 0; i--) {
      least *= 10;
    }
    return Math.min(random.nextLong(least, 10 * least), most);
  }

  private static Duration duration(SplittableRandom random) {
    long[] units = {1, 1_000, 1_000_000, 1_000_000_000};
    return Duration.ofNanos(random.nextLong(0, 10_000) * units[random.nextInt(4)]);
  }
}
