package io.posthorn.cli.compare.page;

import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.Figures;
import io.posthorn.cli.compare.Metric;
import io.posthorn.cli.compare.Transport;

/** A bar for each transport: the messages that came within 100 ms, later, and never. */
final class FateChart {
  private static final int WIDTH = 760;
  private static final int LEFT = 120;
  private static final int ROW = 34;
  private static final int BAR = 22;
  private static final double LEAST_LABELLED = 0.06;

  private FateChart() {}

  static String of(Comparison comparison) {
    int rows = 0;
    for (Transport transport : Transport.values()) {
      rows += comparison.has(transport) ? 1 : 0;
    }
    Svg svg = new Svg(WIDTH, ROW * rows, "What became of the messages of each transport");
    int row = 0;
    for (Transport transport : Transport.values()) {
      if (comparison.has(transport)) {
        draw(svg, comparison, transport, ROW * row + 4.0);
        row++;
      }
    }
    return svg.end();
  }

  private static void draw(Svg svg, Comparison comparison, Transport transport, double y) {
    svg.text(0, y + BAR - 6, "name", transport.word());
    double all = comparison.due(transport);
    double timely = comparison.median(transport, Metric.WITHIN_100_MS);
    double delivered = comparison.median(transport, Metric.DELIVERED) / all;
    double x = LEFT;
    x = part(svg, x, y, timely, transport.word(), "within 100 ms");
    x = part(svg, x, y, delivered - timely, transport.word() + " late", "later");
    part(svg, x, y, 1 - delivered, "lost", "never");
  }

  /** Draws one part of a bar; answers where the next begins. */
  private static double part(Svg svg, double x, double y, double share, String style, String what) {
    if (!(share > 0)) {
      return x;
    }
    double width = (WIDTH - LEFT) * share;
    String words = Figures.text(share, Metric.Unit.SHARE) + " " + what;
    svg.bar(x, y, width, BAR, style, words);
    if (share >= LEAST_LABELLED) {
      boolean roomy = width > 8 * words.length();
      String label = roomy ? words : Figures.text(share, Metric.Unit.SHARE);
      svg.text(x + 6, y + BAR - 6, "inside", label);
    }
    return x + width;
  }
}
