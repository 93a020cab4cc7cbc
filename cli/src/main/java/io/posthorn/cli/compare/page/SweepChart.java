package io.posthorn.cli.compare.page;

import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.Figures;
import io.posthorn.cli.compare.Metric;
import io.posthorn.cli.compare.SweepStep;
import io.posthorn.cli.compare.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleBiFunction;

/** A line for each transport over the rates of loss. */
final class SweepChart {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 300;
  private static final int LEFT = 70;
  private static final int RIGHT = 90;
  private static final int TOP = 12;
  private static final int FOOT = 46;
  private static final double NAME_APART = 14;

  private final List<SweepStep> steps;
  private final Svg svg;

  private SweepChart(List<SweepStep> steps, String title) {
    this.steps = steps;
    this.svg = new Svg(WIDTH, HEIGHT, title);
  }

  /** What share of the messages came, at each rate of loss. */
  static String ofDelivered(List<SweepStep> steps) {
    SweepChart chart = new SweepChart(steps, "Delivered, by loss");
    for (int percent = 0; percent <= 100; percent += 25) {
      chart.drawTick(1 - percent / 100.0, percent + " %");
    }
    chart.drawLines(
        value -> 1 - value, (comparison, transport) -> comparison.deliveredShare(transport));
    return chart.end();
  }

  /** Within what time 99 % of the messages came, at each rate of loss. */
  static String ofLatency(List<SweepStep> steps) {
    SweepChart chart = new SweepChart(steps, "Latency p99, by loss");
    List<Double> times = new ArrayList<>();
    for (SweepStep step : steps) {
      for (Transport transport : Transport.values()) {
        times.add(step.comparison().median(transport, Metric.P99));
      }
    }
    TimeScale scale = new TimeScale(times);
    for (double tick : scale.ticks()) {
      chart.drawTick(1 - scale.at(tick), Figures.text(tick, Metric.Unit.TIME));
    }
    chart.drawTick(0, "never");
    chart.drawLines(
        nanos -> 1 - scale.at(nanos),
        (comparison, transport) -> comparison.median(transport, Metric.P99));
    return chart.end();
  }

  private interface Height {
    /** 0 at the top of the chart, 1 at its bottom. */
    double of(double value);
  }

  private void drawTick(double height, String words) {
    double y = y(height);
    svg.line(LEFT, y, WIDTH - RIGHT, y, "grid");
    svg.text(LEFT - 8.0, y + 4, "ytick", words);
  }

  private void drawLines(Height height, ToDoubleBiFunction<Comparison, Transport> figure) {
    List<Double> ends = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      List<double[]> points = new ArrayList<>();
      for (int step = 0; step < steps.size(); step++) {
        double value = figure.applyAsDouble(steps.get(step).comparison(), transport);
        if (!Double.isNaN(value)) {
          points.add(new double[] {x(step), y(height.of(value))});
        }
      }
      if (points.isEmpty()) {
        continue;
      }
      svg.path(points, transport.word());
      for (double[] point : points) {
        svg.dot(point[0], point[1], transport.word(), transport.word());
      }
      double[] last = points.get(points.size() - 1);
      svg.text(last[0] + 10, freeBeside(ends, last[1] + 4), "name", transport.word());
    }
  }

  /** The nearest place below that no other line's name has taken. */
  private static double freeBeside(List<Double> taken, double wanted) {
    double y = wanted;
    for (int tries = 0; tries <= taken.size(); tries++) {
      for (double other : taken) {
        if (Math.abs(other - y) < NAME_APART) {
          y = other + NAME_APART;
        }
      }
    }
    taken.add(y);
    return y;
  }

  private String end() {
    for (int step = 0; step < steps.size(); step++) {
      svg.text(x(step), HEIGHT - FOOT + 20.0, "tick", steps.get(step).lossText());
    }
    svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0, "tick", "loss each way");
    return svg.end();
  }

  private double x(int step) {
    double room = WIDTH - LEFT - RIGHT;
    return LEFT + (steps.size() == 1 ? room / 2 : room * step / (steps.size() - 1));
  }

  private static double y(double height) {
    return TOP + (HEIGHT - TOP - FOOT) * height;
  }
}
