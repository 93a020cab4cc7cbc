package io.posthorn.simulation;

import io.posthorn.simulation.ThinFlow.Spread;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Prints the table of transport/LATENCY.md: how late a thin flow is under loss. */
final class LatencyTable {
  private static final int MESSAGES = 20_000;

  /** As the table names it, and in the words of tc-netem. */
  private static final String[][] LOSSES = {
    {"0 %", ""},
    {"0.1 %", "loss 0.1%"},
    {"1 %", "loss 1%"},
    {"2 %", "loss 2%"},
    {"5 %", "loss 5%"},
    {"10 %", "loss 10%"},
    {"1 % in bursts of 8", "loss gemodel 0.1263% 12.5%"},
    {"5 % in bursts of 8", "loss gemodel 0.6579% 12.5%"},
  };

  private LatencyTable() {}

  static void print(int seeds) {
    System.out.println(
        "| loss | messages | p50 | p99 | worst p99 | p99.9 | bytes"
            + " | without redundancy: p50 | p99 | p99.9 | bytes |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
    for (String[] loss : LOSSES) {
      for (Spread spread : Spread.values()) {
        List<ThinFlow.Figures> with = runs(seeds, loss[1], spread, true);
        List<ThinFlow.Figures> without = runs(seeds, loss[1], spread, false);
        System.out.println(
            "| "
                + String.join(
                    " | ",
                    loss[0],
                    switch (spread) {
                      case ORDERED -> "ordered";
                      case UNORDERED -> "unordered";
                      case TEN_CHANNELS -> "ordered, 10 channels";
                    },
                    median("%.1f", with, run -> run.millisAt(0.5)),
                    median("%.1f", with, run -> run.millisAt(0.99)),
                    "%.1f"
                        .formatted(
                            with.stream()
                                .mapToDouble(run -> run.millisAt(0.99))
                                .max()
                                .orElseThrow()),
                    median("%.1f", with, run -> run.millisAt(0.999)),
                    median("%.2f", with, ThinFlow.Figures::timesBare),
                    median("%.1f", without, run -> run.millisAt(0.5)),
                    median("%.1f", without, run -> run.millisAt(0.99)),
                    median("%.1f", without, run -> run.millisAt(0.999)),
                    median("%.2f", without, ThinFlow.Figures::timesBare))
                + " |");
      }
    }
  }

  private static List<ThinFlow.Figures> runs(
      int seeds, String loss, Spread spread, boolean redundancy) {
    List<ThinFlow.Figures> runs = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      runs.add(new ThinFlow(seed, MESSAGES, loss, spread, redundancy).run());
    }
    return runs;
  }

  private static String median(
      String format, List<ThinFlow.Figures> runs, ToDoubleFunction<ThinFlow.Figures> figure) {
    double[] sorted = runs.stream().mapToDouble(figure).toArray();
    Arrays.sort(sorted);
    return format.formatted(sorted[sorted.length / 2]);
  }
}
