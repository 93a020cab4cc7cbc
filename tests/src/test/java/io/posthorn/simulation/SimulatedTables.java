package io.posthorn.simulation;

import io.posthorn.simulation.flow.PerformanceTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Prints the tables of transport/PERFORMANCE.md and transport/LATENCY.md that are of virtual time,
 * as Markdown: every machine prints the same figures.
 */
public final class SimulatedTables {
  /** What is printed, in this order, each with as many seeds as the documents say. */
  private static final Map<String, Integer> SEEDS = new LinkedHashMap<>();

  /** The largest sealed datagram that fills an Ethernet frame. */
  private static final int PACKET_BYTES = 1_472;

  static {
    SEEDS.put("bulk", 5);
    SEEDS.put("rough", 5);
    SEEDS.put("fair", 5);
    SEEDS.put("outage", 15);
    SEEDS.put("crowd", 5);
    SEEDS.put("rebind", 15);
    SEEDS.put("complete", 10);
    SEEDS.put("latency", 20);
  }

  private SimulatedTables() {}

  /**
   * Runs it.
   *
   * @param arguments which tables, by default all: {@code bulk} (goodput under loss), {@code rough}
   *     (the same where delay varies and packets overtake), {@code fair}, {@code outage}, {@code
   *     crowd}, {@code rebind}, {@code complete} (short flows) and {@code latency}, each also with
   *     its number of seeds, as in {@code bulk=2}; and {@code packet=1200}, the largest datagram of
   *     the first three
   */
  public static void main(String[] arguments) {
    Map<String, Integer> wanted = new LinkedHashMap<>();
    int packetBytes = PACKET_BYTES;
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      if (parts[0].equals("packet") && parts.length == 2) {
        packetBytes = Integer.parseInt(parts[1]);
        continue;
      }
      Integer seeds = SEEDS.get(parts[0]);
      if (seeds == null) {
        System.err.println("no table " + parts[0] + "; there are " + SEEDS.keySet());
        System.exit(64);
        return;
      }
      wanted.put(parts[0], parts.length == 2 ? Integer.parseInt(parts[1]) : seeds);
    }
    int bytes = packetBytes;
    (wanted.isEmpty() ? SEEDS : wanted)
        .forEach(
            (table, seeds) -> {
              System.out.println("\n" + table + ", " + seeds + " seeds\n");
              printer(table, bytes).accept(seeds);
            });
  }

  private static IntConsumer printer(String table, int packetBytes) {
    return switch (table) {
      case "bulk" -> seeds -> PerformanceTable.printBulk(seeds, packetBytes);
      case "rough" -> seeds -> PerformanceTable.printRough(seeds, packetBytes);
      case "fair" -> seeds -> PerformanceTable.printFair(seeds, packetBytes);
      case "outage" -> RecoveryTable::printOutages;
      case "crowd" -> RecoveryTable::printCrowds;
      case "rebind" -> RecoveryTable::printRebindings;
      case "complete" -> RecoveryTable::printCompletions;
      case "latency" -> LatencyTable::print;
      default -> throw new IllegalArgumentException(table);
    };
  }
}
