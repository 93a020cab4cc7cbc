package io.posthorn.testkit;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Runs code over a simulated network that keeps a trace. If the code fails, a file says what
 * happened to each datagram, after a line with the seed and the conditions that do it all again, to
 * the byte:
 *
 * <pre>{@code
 * @Property
 * @Domain(NetworkDomain.class)
 * @Domain(DomainContext.Global.class)
 * void everyQuestionIsAnswered(@ForAll LinkConditions link, @ForAll long seed) throws Exception {
 *   SimulatedRun.over(seed, link, network -> { … });
 * }
 * }</pre>
 *
 * <p>The file is {@code target/posthorn/Class.method.trace}, or lies under {@code build} or the
 * folder for temporary files where there is no {@code target}. It is written when the failure is
 * told, with its suppressed ones; a later failure of the same method takes its place. So of the
 * many failures while jqwik shrinks a sample, it is the one that is reported whose trace is there.
 */
public final class SimulatedRun {
  private SimulatedRun() {}

  /** What goes over the network. */
  @FunctionalInterface
  public interface Program {
    /**
     * Runs it.
     *
     * @throws Exception if it fails, as it may by any error too
     */
    void run(SimulatedNetwork network) throws Exception;
  }

  /**
   * Goes with a failure, as suppressed by it; says where its trace is, and sees that it is there.
   */
  private static final class Trace extends Exception {
    private static final long serialVersionUID = 1;

    private final String how;
    private final String name;
    private final byte[] datagrams;
    private @Nullable String words;

    Trace(String how, String name, byte[] datagrams) {
      super(how, null, false, false);
      this.how = how;
      this.name = name;
      this.datagrams = datagrams;
    }

    @Override
    public synchronized String getMessage() {
      String told = words;
      if (told == null) {
        told = how + kept(name, how, datagrams);
        words = told;
      }
      return told;
    }
  }

  /**
   * Runs a program over a network of such links.
   *
   * @throws Exception what the program throws; it says, as suppressed, where the trace is
   */
  public static void over(long seed, LinkConditions link, Program program) throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(seed).link(link).recordTrace();
    try {
      program.run(network);
    } catch (Exception | Error failed) {
      String how = "seed " + seed + " link '" + link + "'";
      failed.addSuppressed(new Trace(how, caller(), network.trace()));
      throw failed;
    }
  }

  private static String caller() {
    return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
        .walk(
            frames ->
                frames
                    .filter(frame -> frame.getDeclaringClass() != SimulatedRun.class)
                    .findFirst()
                    .map(
                        frame ->
                            frame.getDeclaringClass().getSimpleName() + "." + frame.getMethodName())
                    .orElse("run"));
  }

  /** Where the trace is; without any folder that can be written, a failure is told without it. */
  private static String kept(String name, String how, byte[] trace) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(("# " + how + "\n").getBytes(StandardCharsets.US_ASCII));
    text.writeBytes(trace);
    for (Path folder : OutputFolders.all()) {
      try {
        Files.createDirectories(folder);
        Path file = folder.resolve(name.replaceAll("[^\\w.]", "_") + ".trace");
        Files.write(file, text.toByteArray());
        return "; each datagram is in " + file;
      } catch (IOException notWritable) {
        // the next one
      }
    }
    return "";
  }
}
