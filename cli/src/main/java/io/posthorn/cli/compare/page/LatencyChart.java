package io.posthorn.cli.compare.page;

import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.Figures;
import io.posthorn.cli.compare.Metric;
import io.posthorn.cli.compare.Transport;
import java.util.ArrayList;
import java.util.List;

/** A row for each transport, with its latencies as dots on a line: p50, p99 and the largest. */
final class LatencyChart {
  private static final Metric[] DOTS = {Metric.P50, Metric.P99, Metric.MAX};
  private static final int WIDTH = 760;
  private static final int LEFT = 110;
  private static final int RIGHT = 60;
  private static final int ROW = 46;
  private static final int FOOT = 30;
  private static final double LEAST_APART = 36;

  private LatencyChart() {}

  static String of(Comparison comparison) {
    List<Transport> rows = new ArrayList<>();
    List<Double> times = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      if (comparison.has(transport)) {
        rows.add(transport);
        for (Metric metric : DOTS) {
          times.add(comparison.median(transport, metric));
        }
      }
    }
    TimeScale scale = new TimeScale(times);
    int bottom = ROW * rows.size();
    Svg svg = new Svg(WIDTH, bottom + FOOT, "Latency of each transport: p50, p99 and the largest");
    for (double tick : scale.ticks()) {
      double x = x(scale, tick);
      svg.line(x, 0, x, bottom, "grid");
      svg.text(x, bottom + 18, "tick", Figures.text(tick, Metric.Unit.TIME));
    }
    double never = x(scale, Double.POSITIVE_INFINITY);
    svg.line(never, 0, never, bottom, "never");
    svg.text(never, bottom + 18, "tick", "never");
    for (int row = 0; row < rows.size(); row++) {
      drawRow(svg, scale, comparison, rows.get(row), ROW * row + ROW / 2.0);
    }
    return svg.end();
  }

  private static void drawRow(
      Svg svg, TimeScale scale, Comparison comparison, Transport transport, double y) {
    svg.text(0, y + 5, "name", transport.word());
    double first = x(scale, comparison.median(transport, DOTS[0]));
    double last = x(scale, comparison.median(transport, DOTS[DOTS.length - 1]));
    svg.line(first, y, last, y, transport.word());
    String label = "";
    double labelX = first;
    for (Metric metric : DOTS) {
      double time = comparison.median(transport, metric);
      double x = x(scale, time);
      svg.dot(x, y, transport.word(), metric.label() + " " + Figures.text(time, Metric.Unit.TIME));
      boolean apart = x - labelX >= LEAST_APART;
      if (apart && !label.isEmpty()) {
        svg.text(labelX, y - 9, "dot", label);
      }
      label = apart || label.isEmpty() ? metric.word() : label + ", " + metric.word();
      labelX = x;
    }
    svg.text(labelX, y - 9, "dot", label);
  }

  private static double x(TimeScale scale, double nanos) {
    return LEFT + (WIDTH - LEFT - RIGHT) * scale.at(nanos);
  }
}
