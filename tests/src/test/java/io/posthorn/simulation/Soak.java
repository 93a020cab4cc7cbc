package io.posthorn.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The soak: runs of consecutive seeds until so many hostile hours are together. What is done is
 * kept, so that the next call goes on; runs of other code do not count.
 */
public final class Soak {
  private static final int BLOCK = 50;
  private static final int MOST_FAILURES = 10;

  private final Path folder;
  private final String code;

  private Soak(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.code = codeDigest();
  }

  /**
   * Runs it.
   *
   * @param arguments words of {@code hours=5000}, {@code first=1} (the first seed of all), {@code
   *     folder=target/soak} (where passed.txt, report.txt and failed-SEED.txt are), or {@code
   *     seed=N} for one run alone
   */
  public static void main(String[] arguments) throws IOException {
    double hours = 5_000;
    long first = 1;
    String folder = "target/soak";
    for (String word : arguments) {
      String value = word.substring(word.indexOf('=') + 1);
      switch (word.substring(0, Math.max(0, word.indexOf('=')))) {
        case "hours" -> hours = Double.parseDouble(value);
        case "first" -> first = Long.parseLong(value);
        case "folder" -> folder = value;
        case "seed" -> {
          SoakPlan plan = SoakPlan.of(Long.parseLong(value));
          System.out.println(plan);
          System.out.println(new SoakRun(plan).run().report());
          return;
        }
        default ->
            throw new IllegalArgumentException(
                word + ": expected hours=, first=, folder= or seed=");
      }
    }
    int failures = new Soak(Path.of(folder)).run(hours, first);
    if (failures > 0) {
      throw new IllegalStateException(failures + " seeds failed: see " + folder);
    }
  }

  private int run(double hours, long first) throws IOException {
    SoakTally sum = new SoakTally();
    long seed = resume(sum, first);
    System.out.printf(
        Locale.ROOT,
        "soak: %.1f of %.1f hours done before, on from seed %d%n",
        sum.hostileHours(),
        hours,
        seed);
    List<Long> failed = new ArrayList<>();
    while (sum.hostileHours() < hours && failed.size() < MOST_FAILURES) {
      SoakTally block = new SoakTally();
      long begun = System.nanoTime();
      for (long end = seed + BLOCK; seed < end; seed++) {
        try {
          block.add(new SoakRun(SoakPlan.of(seed)).run());
        } catch (AssertionError e) {
          failed.add(seed);
          Files.writeString(folder.resolve("failed-" + seed + ".txt"), text(e));
          System.out.println("soak: " + text(e).lines().findFirst().orElse(""));
        }
      }
      block.add("time.wall", System.nanoTime() - begun);
      sum.add(block);
      if (failed.isEmpty()) {
        append(seed - BLOCK, seed - 1, block); // else the next call begins with this block again
      }
      Files.writeString(folder.resolve("report.txt"), report(sum, first, seed - 1, failed));
    }
    System.out.print(report(sum, first, seed - 1, failed));
    return failed.size();
  }

  private String report(SoakTally sum, long first, long last, List<Long> failed) {
    return "seeds %d to %d, code %s, %d s of wall time, %d failed %s%n%s"
        .formatted(
            first,
            last,
            code,
            sum.get("time.wall") / 1_000_000_000L,
            failed.size(),
            failed.isEmpty() ? "" : failed.toString(),
            sum.report());
  }

  private static String text(AssertionError e) {
    return e.getMessage() + "\n";
  }

  /** Adds what the same code passed before; answers the next seed. */
  private long resume(SoakTally sum, long first) throws IOException {
    long next = first;
    Path passed = folder.resolve("passed.txt");
    if (Files.exists(passed)) {
      for (String line : Files.readAllLines(passed)) {
        String[] words = line.split(" ", 4);
        if (words.length == 4 && words[0].equals(code) && Long.parseLong(words[1]) == next) {
          sum.add(SoakTally.parse(words[3]));
          next = Long.parseLong(words[2]) + 1;
        }
      }
    }
    return next;
  }

  private void append(long first, long last, SoakTally block) throws IOException {
    Files.writeString(
        folder.resolve("passed.txt"),
        "%s %d %d %s%n".formatted(code, first, last, block.line()),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** Of all classes of the core, so that another protocol begins anew. */
  private static String codeDigest() throws IOException {
    CRC32C crc = new CRC32C();
    Path root;
    try {
      root =
          Path.of(
              io.posthorn.MessageSocket.class
                  .getProtectionDomain()
                  .getCodeSource()
                  .getLocation()
                  .toURI());
    } catch (java.net.URISyntaxException e) {
      throw new IOException(e);
    }
    if (Files.isRegularFile(root)) {
      crc.update(Files.readAllBytes(root));
    } else {
      try (var files = Files.walk(root)) {
        files
            .filter(file -> file.toString().endsWith(".class"))
            .sorted()
            .forEach(file -> crc.update(read(file)));
      }
    }
    try (InputStream own = Soak.class.getResourceAsStream("SoakRun.class")) {
      crc.update(own == null ? new byte[0] : own.readAllBytes());
    }
    return "%08x".formatted(crc.getValue());
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
