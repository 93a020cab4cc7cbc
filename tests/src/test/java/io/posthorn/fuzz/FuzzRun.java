package io.posthorn.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The long run, {@code mvn -Pfuzz -DskipTests verify} from the root: one target after the other
 * under Jazzer, each in a process of its own. Arguments: the names of targets with commas between
 * or {@code all}; seconds for each; the folder in which corpus, logs and findings are kept; and
 * {@code keep}, if what the corpus reaches is to be written into the repository, as few and as
 * short inputs as will do.
 *
 * <p>Exits with 1 if there is a finding, if Jazzer fails or runs nothing, and if a name is not a
 * target's. The input of a finding is under {@code findings}; mended, it belongs as a line with a
 * remark into the target's file of {@code src/test/resources/fuzz}.
 */
public final class FuzzRun {
  private static final Pattern EXECUTED = Pattern.compile("number_of_executed_units: (\\d+)");
  private static final Pattern COVERED = Pattern.compile("cov: (\\d+)");

  private final Path folder;
  private final int seconds;
  private final boolean keep;

  private FuzzRun(Path folder, int seconds, boolean keep) {
    this.folder = folder;
    this.seconds = seconds;
    this.keep = keep;
  }

  /** Runs. */
  public static void main(String[] arguments) throws Exception {
    List<String> names = List.of(arguments[0].split(",", -1));
    boolean keep = arguments.length > 3 && arguments[3].equals("keep");
    FuzzRun run =
        new FuzzRun(Path.of(arguments[2]).toAbsolutePath(), Integer.parseInt(arguments[1]), keep);
    boolean failed = false;
    for (FuzzTarget target : targets(names)) {
      failed |= run.fuzz(target);
    }
    if (failed) {
      System.exit(1);
    }
  }

  /**
   * The targets of these names, or all for {@code all}.
   *
   * @throws IllegalArgumentException if a name is neither
   */
  static List<FuzzTarget> targets(List<String> names) {
    List<FuzzTarget> all = FuzzTarget.all();
    List<String> unknown = new ArrayList<>(names);
    unknown.removeAll(all.stream().map(FuzzTarget::name).toList());
    unknown.remove("all");
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("no fuzz target is called " + unknown);
    }
    return names.contains("all")
        ? all
        : all.stream().filter(target -> names.contains(target.name())).toList();
  }

  /** Answers whether it failed. */
  private boolean fuzz(FuzzTarget target) throws IOException, InterruptedException {
    Path corpus = Files.createDirectories(folder.resolve("corpus").resolve(target.name()));
    Path findings = Files.createDirectories(folder.resolve("findings").resolve(target.name()));
    write(corpus, target.seeds());
    write(corpus, target.kept());
    Set<String> before = names(findings);
    Path log = folder.resolve(target.name() + ".log");
    int exit =
        jazzer(target, log, List.of("-max_total_time=" + seconds, "-print_final_stats=1"), corpus);
    String said = Files.readString(log, StandardCharsets.ISO_8859_1);
    Set<String> found = names(findings);
    found.removeAll(before);
    FuzzOutcome outcome = new FuzzOutcome(exit, Long.parseLong(last(EXECUTED, said, "0")), found);
    System.out.printf(
        Locale.ROOT,
        "%-24s %,13d executions, coverage %s, %d inputs, %d findings%n",
        target.name(),
        outcome.executions(),
        last(COVERED, said, "?"),
        names(corpus).size(),
        found.size());
    String failure = outcome.failure();
    if (failure != null) {
      System.out.println(target.name() + " FAILED: " + failure + "; see " + log);
    } else if (keep) {
      keep(target, corpus);
    }
    return failure != null;
  }

  private static String last(Pattern pattern, String text, String otherwise) {
    String last = otherwise;
    for (Matcher each = pattern.matcher(text); each.find(); ) {
      last = each.group(1);
    }
    return last;
  }

  /** Answers the exit status. */
  private int jazzer(FuzzTarget target, Path log, List<String> options, Path... corpora)
      throws IOException, InterruptedException {
    Path findings = folder.resolve("findings").resolve(target.name());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-ea", "-Xmx1g", "-XX:+UseSerialGC", "-Dkryo.unsafe=false"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target.type().getName());
    command.add("--instrumentation_includes=io.posthorn.**");
    // Names of conditions such as "replay FILE" are to be opened, whatever file a person names.
    command.add("--disabled_hooks=com.code_intelligence.jazzer.sanitizers.FilePathTraversal");
    command.add("--reproducer_path=" + findings);
    command.add("-artifact_prefix=" + findings + "/");
    command.add("-timeout=120");
    command.add("-rss_limit_mb=3000");
    command.add("-max_len=4096");
    command.addAll(options);
    for (Path corpus : corpora) {
      command.add(corpus.toString());
    }
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
  }

  private static void write(Path corpus, List<byte[]> inputs) throws IOException {
    for (byte[] input : inputs) {
      Files.write(
          corpus.resolve("seed-" + Integer.toHexString(java.util.Arrays.hashCode(input))), input);
    }
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".java") && !name.startsWith("slow-unit-"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /**
   * Writes the shortest inputs that reach what the whole corpus reaches, as far as there is room,
   * behind those that found something once.
   */
  private void keep(FuzzTarget target, Path corpus) throws IOException, InterruptedException {
    Path merged = Files.createTempDirectory(folder, "merged");
    int exit = jazzer(target, folder.resolve("merge.log"), List.of("-merge=1"), merged, corpus);
    if (exit != 0) {
      throw new IllegalStateException("the merge of " + target.name() + " ended with " + exit);
    }
    List<byte[]> inputs = new ArrayList<>();
    try (Stream<Path> files = Files.list(merged)) {
      for (Path file : files.toList()) {
        inputs.add(Files.readAllBytes(file));
      }
    }
    Path resources = Path.of(System.getProperty("posthorn.root"), "tests/src/test/resources/fuzz");
    Path kept = resources.resolve(target.name() + ".txt");
    Files.writeString(kept, KeptInputs.text(target.name(), Files.readString(kept), inputs));
  }
}
