package io.posthorn.codec;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Classes as a user would write them, and codecs for them. */
final class Sample {
  private Sample() {}

  record Point(int x, int y) {}

  record Line(@Nullable Point from, @Nullable Point to, @Nullable String label) {}

  record Numbers(
      boolean flag,
      byte tiny,
      char letter,
      short small,
      int normal,
      long large,
      float f,
      double d) {}

  enum Colour {
    RED,
    GREEN {
      @Override
      boolean calm() {
        return true;
      }
    },
    BLUE;

    boolean calm() {
      return false;
    }
  }

  record Everything(
      List<String> words,
      Set<Colour> colours,
      Map<String, List<Integer>> table,
      Optional<Point> point,
      Instant when,
      BigDecimal price,
      UUID id,
      @Nullable Object any) {}

  /** Refuses what makes no sense, as records should. */
  record Percentage(int value) {
    Percentage {
      if (value < 0 || value > 100) {
        throw new IllegalArgumentException("percentage " + value);
      }
    }
  }

  /** A class with fields, a superclass, and fields that are not sent. */
  static class Named {
    @Nullable String name;
  }

  static final class Node extends Named {
    static int notSent = 7;

    List<Node> children = new java.util.ArrayList<>();
    long @Nullable [] samples;
    double weight;
    transient int cached = 3;

    private Node() {}

    static Node of(@Nullable String name, double weight, Node... children) {
      Node node = new Node();
      node.name = name;
      node.weight = weight;
      node.children.addAll(List.of(children));
      return node;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Node that
          && Objects.equals(name, that.name)
          && children.equals(that.children)
          && java.util.Arrays.equals(samples, that.samples)
          && weight == that.weight;
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, weight);
    }
  }

  static KryoCodec.Builder<Object> builder() {
    return KryoCodec.builder(Object.class)
        .register(10, Point.class)
        .register(11, Line.class)
        .register(12, Colour.class)
        .register(13, Everything.class)
        .register(14, Node.class)
        .register(15, Point[].class)
        .register(16, Numbers.class)
        .register(130, Percentage.class);
  }
}
